import { z } from "zod";
import { storedReason } from "../../platform/errorText.ts";
import { logEvent } from "../../platform/log.ts";
import { correlationOf } from "../../platform/logContext.ts";
import { type Database, selectRow, selectRows, type TransactionalDatabase } from "../../platform/postgres.ts";
import type { Outcome } from "../sourceHealth/breaker.ts";
import { logHealthChange, recordOutcomes } from "../sourceHealth/recordOutcomes.ts";
import { completeTask, logTaskEnd } from "./completeTask.ts";
import { lockRunningTask } from "./lockRunningTask.ts";
import type { CallResult } from "./miningCall.ts";

export interface FinishedCalls {
  readonly taskId: number;
  /** The scheduled task's attempt that the results belong to, where the reporter knows it. */
  readonly attempt?: number | undefined;
  readonly results: readonly CallResult[];
  /** The report says that the whole task is over: no more calls are to come. */
  readonly wholeTask?: boolean;
  readonly now: Date;
}

/**
 * Ends mining calls, and the task with them when they were its last. A call that has ended stays as it is, so
 * whoever reports second changes nothing. What the calls say of their source moves its breaker.
 *
 * @returns false where the task is not running in that attempt; then nothing is changed.
 */
export async function finishCalls(db: TransactionalDatabase, finished: FinishedCalls): Promise<boolean> {
  const done = await db.transaction(async (connection) => {
    const task = await lockRunningTask(connection, finished.taskId, finished.attempt);
    if (task === undefined) return undefined;
    const calls = await endCalls(connection, finished);
    const ended = calls.map(({ id, state, error_type, error_text, is_source_fault }) => ({
      callId: id,
      outcome: outcomeOf(state, is_source_fault),
      errorType: error_type,
      errorText: error_text,
    }));
    const { dataSourceId: sourceId } = task;
    const change = await recordOutcomes(connection, { sourceId, ended, now: finished.now });
    const run = await markSeen(connection, finished);
    const end = run?.fanned_out ? await completeTask(connection, finished.taskId, finished.now) : undefined;
    return { calls, end, sourceId, change };
  });
  if (done === undefined) return false;
  const { taskId } = finished;
  for (const { id, company_id, error_type, state, attempt, durationMs } of done.calls) {
    const ids = { task: taskId, call: id, source: done.sourceId, company: company_id };
    logEvent("call_ended", {
      correlation: correlationOf({ taskId }),
      ...ids,
      state,
      attempt,
      durationMs,
      errorType: error_type,
    });
  }
  logHealthChange(done.sourceId, done.change);
  logTaskEnd(done.end);
  return true;
}

const endedCall = z.object({
  id: z.string(),
  company_id: z.number().nullable(),
  state: z.string(),
  error_type: z.string().nullable(),
  error_text: z.string().nullable(),
  is_source_fault: z.boolean(),
  attempt: z.number(),
  durationMs: z.number().nullable(),
});

// Both branches of `ending` are look-ups in mining_call_task_id_company_id_key.
const END_CALLS = `
  with result as (
    select * from unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::boolean[])
      as r (company_id, state, error_type, error_text, is_source_fault)
  ), ending as (
    select c.id, r.state, r.error_type, r.error_text, r.is_source_fault
      from result r
      join pipeline.mining_call c on c.task_id = $1 and c.company_id = r.company_id
    union all
    select c.id, r.state, r.error_type, r.error_text, r.is_source_fault
      from result r
      join pipeline.mining_call c on c.task_id = $1 and c.company_id is null
     where r.company_id is null
  )
  update pipeline.mining_call c
     set state = ending.state::pipeline.call_state,
         error_type = ending.error_type,
         error_text = ending.error_text,
         ended_at = $7
    from ending
   where c.id = ending.id and c.state in ('WAITING', 'ENQUEUED', 'RUNNING')
  returning c.id::text, c.company_id, c.state::text, c.error_type, c.error_text, c.attempt, ending.is_source_fault,
            (extract(epoch from c.ended_at - c.started_at) * 1000)::float8 as "durationMs"`;

async function endCalls(
  connection: Database,
  { taskId, results, now }: FinishedCalls,
): Promise<z.output<typeof endedCall>[]> {
  if (results.length === 0) return [];
  return selectRows(connection, endedCall, END_CALLS, [
    taskId,
    results.map((result) => result.companyId),
    results.map((result) => result.state),
    results.map((result) => result.errorType ?? null),
    results.map(({ errorText }) => (errorText === undefined ? null : storedReason(errorText))),
    results.map((result) => result.isSourceFault ?? false),
    now,
  ]);
}

function outcomeOf(state: string, isSourceFault: boolean): Outcome {
  if (state === "SUCCEEDED") return "SUCCESS";
  return isSourceFault ? "SOURCE_FAULT" : "NOTHING";
}

const seenTask = z.object({ fanned_out: z.boolean() });

const MARK_SEEN = `
  insert into pipeline.task_run as run (task_id, last_seen_at, fanned_out) values ($1, $2, $3)
  on conflict (task_id) do update
     set last_seen_at = greatest(run.last_seen_at, excluded.last_seen_at),
         fanned_out = run.fanned_out or excluded.fanned_out
  returning fanned_out`;

function markSeen(connection: Database, { taskId, wholeTask, now }: FinishedCalls) {
  return selectRow(connection, seenTask, MARK_SEEN, [taskId, now, wholeTask ?? false]);
}
