import type { Database } from "../../platform/postgres.ts";

// Reads scheduled_task_open_idx. What someone asked for by hand (ON_DEMAND) runs on an inactive source, too.
const REMOVE_TASKS = `
  delete from scheduled_task t
   using data_source d
   where d.id = t.data_source_id and not d.is_active
     and t.status = 'PENDING' and t.schedule_type = 'REGULAR'`;

/** Removes the planned runs of sources that have been switched off. @returns how many */
export async function removeTasksOfInactiveSources(connection: Database): Promise<number> {
  const { rowCount } = await connection.query(REMOVE_TASKS);
  return rowCount ?? 0;
}
