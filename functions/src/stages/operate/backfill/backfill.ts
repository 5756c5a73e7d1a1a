import { z } from "zod";
import { ApiError } from "../../../platform/apiError.ts";
import { type Database, selectRow, selectRows } from "../../../platform/postgres.ts";
import { type Task, taskId } from "../../../platform/taskQueue.ts";
import { cancelTaskIn } from "../ops/cancelTask.ts";
import type { OperationContext } from "../ops/operation.ts";

const backfillRow = z
  .object({
    id: z.coerce.number(),
    mode: z.enum(["MINE", "PROCESS"]),
    source: z.string(),
    from_time: z.date(),
    to_time: z.date(),
    state: z.enum(["RUNNING", "DONE", "CANCELLED"]),
    companies: z.coerce.number(),
    total: z.coerce.number(),
    done: z.coerce.number(),
    failed: z.coerce.number(),
    run_as_new: z.coerce.number(),
    task_id: z.int().nullable(),
    requested_by: z.string(),
    created_at: z.date(),
    ended_at: z.date().nullable(),
    cancelled_by: z.string().nullable(),
  })
  .transform((row) => ({
    id: row.id,
    mode: row.mode,
    source: row.source,
    from: row.from_time,
    /** Not itself in the range. */
    to: row.to_time,
    state: row.state,
    companies: row.companies,
    /** In companies for MINE, in raw documents for PROCESS. */
    total: row.total,
    done: row.done,
    failed: row.failed,
    /** Of the documents that are done, those that run as new ones do, because they had failed or were never run. */
    runAsNew: row.run_as_new,
    /** The scheduled task of MINE. */
    task: row.task_id,
    requestedBy: row.requested_by,
    createdAt: row.created_at,
    endedAt: row.ended_at,
    cancelledBy: row.cancelled_by,
  }));

/** A backfill, and how far it has come. */
export type Backfill = z.output<typeof backfillRow>;

const SELECT = `
  select progress.*, source.source_name as source
    from pipeline.backfill_progress progress
    join data_source source on source.id = progress.data_source_id`;

/** The newest backfills. */
export function listBackfills(db: Database, most: number): Promise<Backfill[]> {
  return selectRows(db, backfillRow, `${SELECT} order by progress.id desc limit $1`, [most]);
}

/** One backfill. @throws ApiError 404 */
export async function readBackfill(db: Database, id: number): Promise<Backfill> {
  const row = await selectRow(db, backfillRow, `${SELECT} where progress.id = $1`, [id]);
  if (row === undefined) throw new ApiError("not_found", `There is no backfill ${id}`);
  return row;
}

const failureRow = z
  .object({ raw_document_id: z.string(), company_id: z.int(), reason: z.string() })
  .transform((row) => ({ document: row.raw_document_id, company: row.company_id, reason: row.reason }));

// By the primary key.
const FAILURES = `
  select raw_document_id, company_id, reason from pipeline.backfill_failure
   where backfill_id = $1 order by company_id, raw_document_id limit 100`;

/** The first documents that a backfill could not process; they keep their old values. */
export function readFailures(db: Database, id: number): Promise<z.output<typeof failureRow>[]> {
  return selectRows(db, failureRow, FAILURES, [id]);
}

/** The payload of a `processAgain` task: the raw documents of one company, from where it has come to. */
export const processAgainPayload = z.object({ backfillId: z.int(), companyId: z.int() });

export type ProcessAgainPayload = z.output<typeof processAgainPayload>;

/** The task that goes on with a company; in the same round, it is the same. */
export function processAgainTask(payload: ProcessAgainPayload, round: number): Task {
  return { id: taskId("process", payload.backfillId, payload.companyId, round), payload };
}

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
