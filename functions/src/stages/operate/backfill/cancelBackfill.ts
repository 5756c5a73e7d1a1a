import { ApiError } from "../../../platform/apiError.ts";
import { cancelTaskIn } from "../ops/cancelTask.ts";
import type { OperationContext } from "../ops/operation.ts";
import { type Backfill, readBackfill } from "./backfill.ts";

/**
 * Cancels a backfill: what is done stays done, and nothing more is.
 *
 * @throws ApiError 404, or 409 where it has ended
 */
export async function cancelBackfill(
  { db, operator, now }: Pick<OperationContext, "db" | "operator" | "now">,
  id: number,
): Promise<Backfill> {
  const backfill = await readBackfill(db, id);
  if (backfill.state !== "RUNNING") {
    throw new ApiError("conflict", `Backfill ${id} has ended already: it is ${backfill.state}`);
  }
  await db.transaction(async (connection) => {
    if (backfill.task !== null) await cancelTaskIn(connection, { taskId: backfill.task, operator, now });
    await connection.query(CANCEL, [id, now, operator]);
  });
  return readBackfill(db, id);
}

const CANCEL = `
  update pipeline.backfill set cancelled_at = $2, cancelled_by = $3 where id = $1 and cancelled_at is null`;
