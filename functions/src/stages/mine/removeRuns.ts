import type { Batch, ExpiredOfSource, RetentionStores } from "../../domain/upkeep/upkeep.ts";

const CALLS_A_BATCH = 5_000;
const TASKS_A_BATCH = 500;

// Reads scheduled_task_source_idx, and mining_call_task_id_company_id_key for each task.
const REMOVE_CALLS = `
  delete from pipeline.mining_call
   where id in (
     select call.id from scheduled_task task
       join pipeline.mining_call call on call.task_id = task.task_id
      where task.data_source_id = $1 and task.scheduled_at < $2 and task.status in ('SUCCESS', 'FAILED')
      limit $3)`;

const REMOVE_TASKS = `
  delete from scheduled_task
   where task_id in (
     select task_id from scheduled_task
      where data_source_id = $1 and scheduled_at < $2 and status in ('SUCCESS', 'FAILED')
      order by scheduled_at
      limit $3)`;

/** Removes scheduled tasks that have ended, after their calls. */
export function removeRuns(
  { db }: Pick<RetentionStores, "db">,
  { sourceId, before }: ExpiredOfSource,
): Promise<Batch> {
  return db.transaction(async (connection) => {
    const calls = await connection.query(REMOVE_CALLS, [sourceId, before, CALLS_A_BATCH]);
    if (calls.rowCount === CALLS_A_BATCH) return { removed: 0, isLast: false };
    const { rowCount } = await connection.query(REMOVE_TASKS, [sourceId, before, TASKS_A_BATCH]);
    return { removed: rowCount ?? 0, isLast: (rowCount ?? 0) < TASKS_A_BATCH };
  });
}
