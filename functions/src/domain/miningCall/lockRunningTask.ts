import { z } from "zod";
import { type Database, selectRow } from "../../platform/postgres.ts";
import { runSeconds } from "../state/stateModels.ts";

const runningTask = z.object({
  attempts: z.number(),
  runSeconds: z.number(),
  dataSourceId: z.number(),
});

// Everything that changes a running task takes this lock first, so that the last of its calls is the last for
// everyone. NO KEY: calls that refer to the task may be inserted meanwhile.
const LOCK_RUNNING_TASK = `
  select t.attempts, ${runSeconds("t")} as run_seconds, t.data_source_id
    from scheduled_task t
   where t.task_id = $1 and t.status = 'PROCESSING' and t.attempts = coalesce($2, t.attempts)
     for no key update`;

/** Locks a task that is running in `attempt` (any, where it is not known) until the transaction ends. */
export function lockRunningTask(connection: Database, taskId: number, attempt: number | undefined) {
  return selectRow(connection, runningTask, LOCK_RUNNING_TASK, [taskId, attempt ?? null]);
}
