import type { Database } from "../../platform/postgres.ts";

// While a source was down, or took longer than its frequency, its next runs became due one after another. Reads
// scheduled_task_open_idx and scheduled_task_source_idx.
const REMOVE_MISSED_TASKS = `
  delete from scheduled_task missed
   where missed.status = 'PENDING' and missed.schedule_type = 'REGULAR' and missed.attempts = 0
     and missed.scheduled_at <= $1
     and exists (
       select from scheduled_task later
        where later.data_source_id = missed.data_source_id
          and later.status = 'PENDING' and later.schedule_type = 'REGULAR'
          and later.scheduled_at > missed.scheduled_at and later.scheduled_at <= $1
     )`;

/** Removes planned runs that a later one, which is due as well, makes needless. @returns how many */
export async function removeMissedTasks(connection: Database, now: Date): Promise<number> {
  const { rowCount } = await connection.query(REMOVE_MISSED_TASKS, [now]);
  return rowCount ?? 0;
}
