import { z } from "zod";
import { type Database, selectRow } from "../../../platform/postgres.ts";
import type { ProcessAgainPayload } from "./backfill.ts";

/** The next raw document of a company in a backfill. */
export interface NextDocument extends ProcessAgainPayload {
  readonly id: string;
  readonly path: string;
  readonly state: "RECEIVED" | "NORMALIZED" | "ANALYZED" | "DATA_PROBLEM" | "FAILED";
  readonly observedAt: Date;
  /** How often it has been begun, this time included. */
  readonly attempt: number;
  readonly lastError: string | null;
  /** The previous document: the company's position. */
  readonly afterId: string | null;
}

const nextRow = z.object({
  attempt: z.int(),
  lastError: z.string().nullable(),
  afterId: z.string().nullable(),
  id: z.string().nullable(),
  path: z.string().nullable(),
  state: z.enum(["RECEIVED", "NORMALIZED", "ANALYZED", "DATA_PROBLEM", "FAILED"]).nullable(),
  observedAt: z.date().nullable(),
});

// The beginning is counted before the work, so that a document that kills its process does so a few times only. The
// document by raw_document_source_idx. What came after the backfill began was processed by the newest map anyway.
const BEGIN_NEXT = `
  with progress as (
    update pipeline.backfill_company company
       set attempt = attempt + 1, last_seen_at = $3
      from pipeline.backfill
     where company.backfill_id = $1 and company.company_id = $2 and company.ended_at is null
       and backfill.id = $1 and backfill.cancelled_at is null
    returning backfill.data_source_id, backfill.from_time, backfill.to_time, backfill.created_at,
              company.company_id, company.after_time, company.after_id, company.attempt, company.last_error
  )
  select progress.attempt, progress.last_error, progress.after_id, next.*
    from progress
    left join lateral (
      select document.id, document.path, document.state::text, document.observed_at
        from pipeline.raw_document document
       where document.data_source_id = progress.data_source_id and document.company_id = progress.company_id
         and document.observed_at >= coalesce(progress.after_time, progress.from_time)
         and document.observed_at < progress.to_time
         and (progress.after_id is null or (document.observed_at, document.id) > (progress.after_time, progress.after_id))
         and document.received_at <= progress.created_at
         and document.removed_at is null and document.values_removed_at is null
       order by document.observed_at, document.id
       limit 1
    ) next on true`;

const END = `
  update pipeline.backfill_company set ended_at = $3, attempt = 0
   where backfill_id = $1 and company_id = $2 and ended_at is null`;

/**
 * Begins a company's next document, the oldest first; ends the company if there is none.
 *
 * @returns undefined if nothing is left to do or the backfill was cancelled
 */
export async function beginNext(
  db: Database,
  { backfillId, companyId }: ProcessAgainPayload,
  now: Date,
): Promise<NextDocument | undefined> {
  const row = await selectRow(db, nextRow, BEGIN_NEXT, [backfillId, companyId, now]);
  if (row === undefined) return undefined;
  const { id, path, state, observedAt, attempt, lastError, afterId } = row;
  if (id === null || path === null || state === null || observedAt === null) {
    await db.query(END, [backfillId, companyId, now]);
    return undefined;
  }
  return { backfillId, companyId, id, path, state, observedAt, attempt, lastError, afterId };
}

const LOCK_PROGRESS = `
  select from pipeline.backfill_company
   where backfill_id = $1 and company_id = $2 and ended_at is null and after_id is not distinct from $3
     for update`;

/**
 * Locks a company's position until the end of the transaction.
 *
 * @returns false if another process has done the document meanwhile
 */
export async function lockProgress(
  connection: Database,
  { backfillId, companyId, afterId }: NextDocument,
): Promise<boolean> {
  const { rowCount } = await connection.query(LOCK_PROGRESS, [backfillId, companyId, afterId]);
  return rowCount === 1;
}

const ADVANCE = `
  update pipeline.backfill_company
     set after_time = $3, after_id = $4, attempt = 0, last_error = null, last_seen_at = $5,
         replaced = replaced + ($6 = 'replaced')::int,
         run_as_new = run_as_new + ($6 = 'runAsNew')::int,
         failed = failed + ($6 = 'failed')::int
   where backfill_id = $1 and company_id = $2`;

/** Moves a company past a finished document, in the transaction that finishes it. */
export async function advance(
  connection: Database,
  { backfillId, companyId, observedAt, id }: NextDocument,
  how: "replaced" | "runAsNew" | "failed",
  now: Date,
): Promise<void> {
  await connection.query(ADVANCE, [backfillId, companyId, observedAt, id, now, how]);
}

const RECORD_FAILURE = `
  insert into pipeline.backfill_failure (backfill_id, company_id, raw_document_id, reason)
  values ($1, $2, $3, $4)
  on conflict do nothing`;

/** Records that a document cannot currently be processed. */
export async function recordFailure(
  connection: Database,
  { backfillId, companyId, id }: NextDocument,
  reason: string,
): Promise<void> {
  await connection.query(RECORD_FAILURE, [backfillId, companyId, id, storable(reason)]);
}

const RECORD_ERROR = `
  update pipeline.backfill_company set last_error = $4
   where backfill_id = $1 and company_id = $2 and after_id is not distinct from $3`;

/** Remembers why a try failed, for the report of the last try. */
export async function recordError(
  db: Database,
  { backfillId, companyId, afterId }: NextDocument,
  error: string,
): Promise<void> {
  await db.query(RECORD_ERROR, [backfillId, companyId, afterId, storable(error)]);
}

const MAX_REASON = 2000;

function storable(reason: string): string {
  return reason.replaceAll("\0", "\uFFFD").slice(0, MAX_REASON).toWellFormed();
}
