import type { Database } from "../../platform/postgres.ts";
import { probeIsDue } from "./admission.ts";

// Whoever comes second waits here, and finds that the probe is no longer due.
const LOCK_DUE_PROBE = `
  select from pipeline.source_breaker b
   where b.data_source_id = $1 and ${probeIsDue("$2")}
     for no key update`;

const START_PROBE = `
  update pipeline.source_breaker
     set state_since = case when state = 'PROBING' then state_since else $2 end,
         state = 'PROBING',
         probe_call_id = $3
   where data_source_id = $1`;

// The time in which the source was down is not the task's silence.
const MARK_SEEN = "update pipeline.task_run set last_seen_at = greatest(last_seen_at, $2) where task_id = $1";

/**
 * Lets the one call that `release` releases through, to see whether a source is up again. It belongs into the
 * transaction that releases calls, after the task's lock.
 *
 * @returns the call, or undefined where none waits or another probe is under way
 */
export async function startProbe<Call extends { readonly id: string }>(
  connection: Database,
  { sourceId, taskId, now }: { sourceId: number; taskId: number; now: Date },
  release: () => Promise<Call | undefined>,
): Promise<Call | undefined> {
  const { rowCount } = await connection.query(LOCK_DUE_PROBE, [sourceId, now]);
  if (rowCount === 0) return undefined;
  const call = await release();
  if (call === undefined) return undefined;
  await connection.query(START_PROBE, [sourceId, now, call.id]);
  await connection.query(MARK_SEEN, [taskId, now]);
  return call;
}
