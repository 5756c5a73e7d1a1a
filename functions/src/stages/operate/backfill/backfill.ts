import { z } from "zod";
import { ApiError } from "../../../platform/apiError.ts";
import { type Database, selectRow, selectRows } from "../../../platform/postgres.ts";
import { type Task, taskId } from "../../../platform/taskQueue.ts";
import { cancelTaskIn } from "../ops/cancelTask.ts";
import type { OperationContext } from "../ops/operation.ts";

const backfillRow = z.object({
  id: z.coerce.number(),
  mode: z.enum(["MINE", "PROCESS"]),
  source: z.string(),
  from: z.date(),
  /** Not itself in the range. */
  to: z.date(),
  state: z.enum(["RUNNING", "DONE", "CANCELLED"]),
  companies: z.coerce.number(),
  /** In companies for MINE, in raw documents for PROCESS. */
  total: z.coerce.number(),
  done: z.coerce.number(),
  failed: z.coerce.number(),
  /** Of the documents that are done, those that run as new ones, because they had failed or were never run. */
  runAsNew: z.coerce.number(),
  /** The scheduled task of MINE. */
  task: z.int().nullable(),
  requestedBy: z.string(),
  createdAt: z.date(),
  endedAt: z.date().nullable(),
  cancelledBy: z.string().nullable(),
});

/** A backfill, and how far it has come. */
export type Backfill = z.output<typeof backfillRow>;

const SELECT = `
  select progress.*, progress.from_time as "from", progress.to_time as "to", progress.task_id as task,
         source.source_name as source
    from pipeline.backfill_progress progress
    join data_source source on source.id = progress.data_source_id`;

/** The newest backfills. */
export function listBackfills(db: Database, limit: number): Promise<Backfill[]> {
  return selectRows(db, backfillRow, `${SELECT} order by progress.id desc limit $1`, [limit]);
}

/** One backfill. @throws ApiError 404 */
export async function readBackfill(db: Database, id: number): Promise<Backfill> {
  const row = await selectRow(db, backfillRow, `${SELECT} where progress.id = $1`, [id]);
  if (row === undefined) throw new ApiError("not_found", `Backfill ${id} does not exist`);
  return row;
}

const failureRow = z.object({ document: z.string(), company: z.int(), reason: z.string() });

// By the primary key.
const FAILURES = `
  select raw_document_id as document, company_id as company, reason from pipeline.backfill_failure
   where backfill_id = $1 order by company_id, raw_document_id limit 100`;

/** The first documents that a backfill could not process; they keep their old values. */
export function readFailures(db: Database, id: number): Promise<z.output<typeof failureRow>[]> {
  return selectRows(db, failureRow, FAILURES, [id]);
}

/** The payload of a `processAgain` task: one company's raw documents, from its current position. */
export const processAgainPayload = z.object({ backfillId: z.int(), companyId: z.int() });

export type ProcessAgainPayload = z.output<typeof processAgainPayload>;

/** The task that continues a company; within a round it is the same task. */
export function processAgainTask(payload: ProcessAgainPayload, round: number): Task {
  return { id: taskId("process", payload.backfillId, payload.companyId, round), payload };
}

/**
 * Cancels a backfill: finished work stays, and no more is done.
 *
 * @throws ApiError 404, or 409 if it has ended
 */
export async function cancelBackfill(
  { db, operator, now }: Pick<OperationContext, "db" | "operator" | "now">,
  id: number,
): Promise<Backfill> {
  const backfill = await readBackfill(db, id);
  if (backfill.state !== "RUNNING") {
    throw new ApiError("conflict", `Backfill ${id} has already ended (${backfill.state})`);
  }
  await db.transaction(async (connection) => {
    if (backfill.task !== null) await cancelTaskIn(connection, { taskId: backfill.task, operator, now });
    await connection.query(CANCEL, [id, now, operator]);
  });
  return readBackfill(db, id);
}

const CANCEL = `
  update pipeline.backfill set cancelled_at = $2, cancelled_by = $3 where id = $1 and cancelled_at is null`;
