import { z } from "zod";
import { type Database, prepared, selectRow } from "../../platform/postgres.ts";

/** Whose feed it is. */
interface FedBy {
  readonly taskId?: number | undefined;
  readonly attempt?: number | undefined;
}

const lateRow = z.object({ isCancelled: z.boolean() });

// By the primary keys.
const LATE = prepared(`
  select cancelled.task_id is not null as is_cancelled
    from scheduled_task task
    left join pipeline.cancelled_task cancelled using (task_id)
   where task.task_id = $1 and (cancelled.task_id is not null or task.attempts > $2::int)`);

/**
 * Why a feed comes too late to have an effect: its task was cancelled, or is in a newer attempt, which feeds the same.
 *
 * @returns undefined where it does not
 */
export async function lateReason(db: Database, { taskId, attempt }: FedBy): Promise<string | undefined> {
  if (taskId === undefined) return undefined;
  const late = await selectRow(db, lateRow, LATE, [taskId, attempt ?? null]);
  if (late === undefined) return undefined;
  return late.isCancelled
    ? `Fed too late: task ${taskId} was cancelled`
    : `Fed too late: task ${taskId} is past attempt ${attempt}`;
}
