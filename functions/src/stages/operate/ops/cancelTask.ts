import { z } from "zod";
import { ApiError } from "../../../platform/apiError.ts";
import { type Database, selectRow } from "../../../platform/postgres.ts";
import type { OperationContext } from "./operation.ts";

const taskRow = z.object({ status: z.enum(["PENDING", "PROCESSING", "SUCCESS", "FAILED"]) });

// The lock that everything takes which changes a running task: who ends a call at this moment comes before or after.
const LOCK = "select status from scheduled_task where task_id = $1 for no key update";

// Reads mining_call_open_idx.
const FAIL_CALLS = `
  update pipeline.mining_call
     set state = 'FAILED', ended_at = $2, error_type = 'Cancelled', error_text = $3
   where task_id = $1 and state in ('WAITING', 'ENQUEUED', 'RUNNING')`;

const FAIL_TASK = `
  with cancelled as (
    insert into pipeline.cancelled_task (task_id, cancelled_at) values ($1, $2) on conflict do nothing
  )
  update scheduled_task
     set status = 'FAILED', ended_at = $2,
         result_summary = (
           select json_build_object(
             'reason', $3::text,
             'succeeded', count(*) filter (where state = 'SUCCEEDED'),
             'failed', count(*) filter (where state = 'FAILED'),
             'skipped', count(*) filter (where state = 'SKIPPED'))::text
             from pipeline.mining_call where mining_call.task_id = $1)
   where task_id = $1`;

/** A task that was cancelled. */
export interface CancelledTask {
  readonly task: number;
  /** How many of its calls had not ended. */
  readonly calls: number;
}

/**
 * Cancels a scheduled task that waits or runs. Its open calls fail; those in flight end without effect: what they
 * feed from now on is kept and goes no further, and so is what is not normalized by now.
 *
 * @throws ApiError 404, or 409 if it has ended
 */
export function cancelTask(
  { db, operator, now }: Pick<OperationContext, "db" | "operator" | "now">,
  taskId: number,
): Promise<CancelledTask> {
  return db.transaction((connection) => cancelTaskIn(connection, { taskId, operator, now }));
}

/** {@link cancelTask} in a transaction of more. */
export async function cancelTaskIn(
  connection: Database,
  { taskId, operator, now }: { taskId: number; operator: string; now: Date },
): Promise<CancelledTask> {
  const task = await selectRow(connection, taskRow, LOCK, [taskId]);
  if (task === undefined) throw new ApiError("not_found", `Scheduled task ${taskId} does not exist`);
  if (task.status === "SUCCESS" || task.status === "FAILED") {
    throw new ApiError("conflict", `Scheduled task ${taskId} has already ended (${task.status})`);
  }
  const reason = `Cancelled by ${operator}`;
  const { rowCount } = await connection.query(FAIL_CALLS, [taskId, now, reason]);
  await connection.query(FAIL_TASK, [taskId, now, reason]);
  return { task: taskId, calls: rowCount ?? 0 };
}
