import type { Database } from "../../platform/postgres.ts";

// Reads scheduled_task_open_idx. A run that someone asked for (ON_DEMAND) stays: it runs on an inactive source, too.
const REMOVE_TASKS_OF_INACTIVE_SOURCES = `
  delete from scheduled_task t
   using data_source d
   where d.id = t.data_source_id and not d.is_active
     and t.status = 'PENDING' and t.schedule_type = 'REGULAR'`;

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

/** Removes planned runs of inactive sources, and those that a later due run makes unnecessary. @returns how many */
export async function removeNeedlessTasks(connection: Database, now: Date): Promise<number> {
  const inactive = await connection.query(REMOVE_TASKS_OF_INACTIVE_SOURCES);
  const missed = await connection.query(REMOVE_MISSED_TASKS, [now]);
  return (inactive.rowCount ?? 0) + (missed.rowCount ?? 0);
}
