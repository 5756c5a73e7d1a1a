import { z } from "zod";
import { type Database, selectRows } from "../../../platform/postgres.ts";
import type { Task } from "../../../platform/taskQueue.ts";
import { releaseTask } from "../miningCall.ts";
import { isPaused } from "./sourcePause.ts";

/**
 * In SQL: the breaker `b` lets a probe through. It is time, or the probe before came to nothing because its task was
 * reclaimed, deleted or cancelled.
 */
export const probeIsDue = (now: string) => `(
  b.state = 'OPEN' and b.next_probe_at <= ${now}
  or b.state = 'PROBING' and not exists (
    select from pipeline.mining_call probe where probe.id = b.probe_call_id and probe.state in ('ENQUEUED', 'RUNNING')
  ))`;

const probingTask = z.object({ taskId: z.number(), attempt: z.number() });

// There is one breaker a source; the rest are look-ups in scheduled_task_open_idx and mining_call_open_idx.
const DUE_PROBES = `
  select t.task_id, t.attempts as attempt
    from pipeline.source_breaker b
    join scheduled_task t on t.data_source_id = b.data_source_id and t.status = 'PROCESSING'
   where ${probeIsDue("$1")} and not ${isPaused("b.data_source_id")}
     and exists (select from pipeline.mining_call c where c.task_id = t.task_id and c.state = 'WAITING')
   order by t.task_id`;

/**
 * Finds the sources that are down and not paused, whose next probe is due, and that have a call waiting for it.
 *
 * @returns tasks for `mineSource`, which start the probes. Enqueued twice, they start one.
 */
export async function dueProbes(connection: Database, now: Date): Promise<Task[]> {
  const tasks = await selectRows(connection, probingTask, DUE_PROBES, [now]);
  return tasks.map((task) => releaseTask(task, now));
}

// A second one waits here, and then finds that the probe is no longer due.
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

// The time in which the source was down does not count as the task's silence.
const MARK_SEEN = "update pipeline.task_run set last_seen_at = greatest(last_seen_at, $2) where task_id = $1";

/**
 * Makes the one call that `release` releases the probe of a source that is down. Run it in the transaction that
 * releases calls, after the task's lock.
 *
 * @returns the call; undefined if none waits or another probe is under way
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
