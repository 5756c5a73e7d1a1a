import { z } from "zod";
import { type Database, selectRow, type TransactionalDatabase } from "../platform/postgres.ts";
import { completeTask } from "./completeTask.ts";
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
 * whoever reports second changes nothing.
 *
 * @returns false where the task is not running in that attempt; then nothing is changed.
 */
export function finishCalls(db: TransactionalDatabase, finished: FinishedCalls): Promise<boolean> {
  return db.transaction(async (connection) => {
    const task = await lockRunningTask(connection, finished.taskId, finished.attempt);
    if (task === undefined) return false;
    await endCalls(connection, finished);
    const run = await markSeen(connection, finished);
    if (run?.fanned_out) await completeTask(connection, finished.taskId, finished.now);
    return true;
  });
}

// Both branches of `ending` are look-ups in mining_call_task_id_company_id_key.
const END_CALLS = `
  with result as (
    select * from unnest($2::int[], $3::text[], $4::text[], $5::text[])
      as r (company_id, state, error_type, error_text)
  ), ending as (
    select c.id, r.state, r.error_type, r.error_text
      from result r
      join pipeline.mining_call c on c.task_id = $1 and c.company_id = r.company_id
    union all
    select c.id, r.state, r.error_type, r.error_text
      from result r
      join pipeline.mining_call c on c.task_id = $1 and c.company_id is null
     where r.company_id is null
  )
  update pipeline.mining_call c
     set state = ending.state::pipeline.call_state,
         error_type = ending.error_type,
         error_text = ending.error_text,
         ended_at = $6
    from ending
   where c.id = ending.id and c.state not in ('SUCCEEDED', 'FAILED')`;

async function endCalls(connection: Database, { taskId, results, now }: FinishedCalls): Promise<void> {
  if (results.length === 0) return;
  await connection.query(END_CALLS, [
    taskId,
    results.map((result) => result.companyId),
    results.map((result) => result.state),
    results.map((result) => result.errorType ?? null),
    results.map((result) => result.errorText?.replaceAll("\0", "�") ?? null),
    now,
  ]);
}

const MARK_SEEN = `
  insert into pipeline.task_run as run (task_id, last_seen_at, fanned_out) values ($1, $2, $3)
  on conflict (task_id) do update
     set last_seen_at = greatest(run.last_seen_at, excluded.last_seen_at),
         fanned_out = run.fanned_out or excluded.fanned_out
  returning fanned_out`;

function markSeen(connection: Database, { taskId, wholeTask, now }: FinishedCalls) {
  return selectRow(connection, z.object({ fanned_out: z.boolean() }), MARK_SEEN, [
    taskId,
    now,
    wholeTask ?? false,
  ]);
}
