import { z } from "zod";
import { type Database, prepared, selectRow } from "../../platform/postgres.ts";
import { type DocumentLists, storedLists } from "../extraction/documentLists.ts";
import type { DataProblem } from "./dataProblem.ts";

const FREQUENCIES = ["HOURLY", "DAILY", "WEEKLY", "MONTHLY"] as const;
type Frequency = (typeof FREQUENCIES)[number];

const DAY_MS = 86_400_000;

/** The time from one observation of a source to the next, in milliseconds. */
export const PERIOD_MS: Readonly<Record<Frequency, number>> = {
  HOURLY: DAY_MS / 24,
  DAILY: DAY_MS,
  WEEKLY: 7 * DAY_MS,
  MONTHLY: 31 * DAY_MS,
};

/** A normalized raw document, and whose it is. */
export interface PendingDocument {
  readonly id: string;
  readonly sourceId: number;
  readonly source: string;
  /** How often its source is mined. */
  readonly frequency: Frequency;
  readonly companyId: number;
  readonly company: string;
  readonly observedAt: Date;
  readonly receivedAt: Date;
  /** Since when the company is mined at the source. */
  readonly linkedAt: Date | null;
  /** The lists that it had; undefined where it was normalized before that was recorded. */
  readonly lists: DocumentLists | undefined;
  /** How many of its values could not be read. */
  readonly issueCount: number;
  /** The scheduled task that it came of; null where it was fed without one. */
  readonly taskId: number | null;
}

// Series are judged point by point: of two documents of the same company at the same source, one waits for the other.
const seriesLock = (sourceId: string, companyId: string) =>
  `pg_advisory_xact_lock(hashtextextended('pipeline.analysis ' || ${sourceId} || ' ' || ${companyId}, 0))`;

const LOCK_PENDING = prepared(`
  select ${seriesLock("data_source_id", "company_id")}
    from pipeline.raw_document
   where id = $1 and state = 'NORMALIZED'`);

/** Keeps documents of a company at a source from being analyzed until the end of the transaction. */
export async function lockSeries(
  connection: Database,
  { sourceId, companyId }: { readonly sourceId: number; readonly companyId: number },
): Promise<void> {
  await connection.query(`select ${seriesLock("$1::int", "$2::int")}`, [sourceId, companyId]);
}

const pendingRow = z.object({
  id: z.string(),
  sourceId: z.int(),
  source: z.string(),
  frequency: z.enum(FREQUENCIES),
  companyId: z.int(),
  company: z.string(),
  observedAt: z.date(),
  receivedAt: z.date(),
  linkedAt: z.date().nullable(),
  lists: storedLists,
  issueCount: z.int(),
  taskId: z.int().nullable(),
});

// By the primary key and raw_document_unanalyzed_idx.
const NEXT = prepared(`
  select pending.id, pending.data_source_id as source_id, source.source_name as source, source.frequency::text, pending.company_id,
         company.name as company, pending.observed_at, pending.received_at,
         (select created_at from company_data_source link
           where link.data_source_id = pending.data_source_id and link.company_id = pending.company_id) as linked_at,
         pending.task_id, pending.lists, pending.issue_count
    from pipeline.raw_document wanted
    join pipeline.raw_document pending
      on pending.data_source_id = wanted.data_source_id and pending.company_id = wanted.company_id
     and pending.state = 'NORMALIZED'
     and (pending.observed_at, pending.id) <= (wanted.observed_at, wanted.id)
    join data_source source on source.id = pending.data_source_id
    join company on company.id = pending.company_id
   where wanted.id = $1 and wanted.state = 'NORMALIZED' and pending.id <> all ($2::text[])
     and not pipeline.is_erased('COMPANY', wanted.company_id)
   order by pending.observed_at, pending.id
   limit 1`);

/**
 * The oldest document that waits for its analysis, of the same company and source as the given one and not newer: the
 * given one itself comes last. Whoever is told it holds the lock on the company at the source until the end of the
 * transaction.
 *
 * @param passedOver documents that are left out
 * @returns undefined where the given one is analyzed, or gone, or its company is being erased
 */
export async function nextPending(
  connection: Database,
  rawDocumentId: string,
  passedOver: readonly string[],
): Promise<PendingDocument | undefined> {
  // Sent at once: the second begins when the first has its lock.
  const [, next] = await Promise.all([
    connection.query(LOCK_PENDING, [rawDocumentId]),
    selectRow(connection, pendingRow, NEXT, [rawDocumentId, passedOver]),
  ]);
  return next;
}

/** The id of the document that {@link nextPending} would give now, without the lock. */
export async function peekPending(
  db: Database,
  rawDocumentId: string,
  passedOver: readonly string[],
): Promise<string | undefined> {
  return (await selectRow(db, pendingRow, NEXT, [rawDocumentId, passedOver]))?.id;
}

/** What became of a document. */
export interface Analysis {
  readonly state: "ANALYZED" | "DATA_PROBLEM";
  readonly valueCount: number;
  readonly commentCount: number;
  readonly newsIds: readonly number[];
}

const FINISH = prepared(`
  with analyzed as (
    update pipeline.raw_document
       set state = $2::text::pipeline.raw_document_state, state_since = $3, attempt = 0, last_tried_at = null
     where id = $1
  )
  insert into pipeline.analysis
    (raw_document_id, state, analyzed_at, value_count, comment_count, finding_count, news_ids)
  values ($1, $2::text::pipeline.analysis_state, $3, $4, $5, cardinality($6::int[]), $6)`);

/** Records what became of a document. */
export async function finishAnalysis(
  connection: Database,
  rawDocumentId: string,
  { state, valueCount, commentCount, newsIds }: Analysis,
  now: Date,
): Promise<void> {
  await connection.query(FINISH, [rawDocumentId, state, now, valueCount, commentCount, newsIds]);
}

const analysisRow = z.object({
  state: z.enum(["ANALYZED", "DATA_PROBLEM"]),
  valueCount: z.int(),
  commentCount: z.int(),
  newsIds: z.array(z.int()),
});

const ANALYSIS = prepared(
  "select state, value_count, comment_count, news_ids from pipeline.analysis where raw_document_id = $1",
);

/** What became of a document; undefined where it is not analyzed. */
export function readAnalysis(db: Database, rawDocumentId: string): Promise<Analysis | undefined> {
  return selectRow(db, analysisRow, ANALYSIS, [rawDocumentId]);
}

const WRITE_PROBLEM = `
  insert into pipeline.data_problem
    (raw_document_id, data_source_id, company_id, observed_at, problem, found_at, kind, held_series)
  values ($1, $2, $3, $4, $5, $6, $7, $8)
  on conflict (raw_document_id) do update
     set problem = excluded.problem, kind = excluded.kind, held_series = excluded.held_series`;

/** Records what is wrong with a document, for operators. */
export async function writeDataProblem(
  connection: Database,
  {
    id,
    sourceId,
    companyId,
    observedAt,
  }: Pick<PendingDocument, "id" | "sourceId" | "companyId" | "observedAt">,
  { problem, kind, heldSeries }: DataProblem,
  now: Date,
): Promise<void> {
  await connection.query(WRITE_PROBLEM, [
    id,
    sourceId,
    companyId,
    observedAt,
    problem,
    now,
    kind ?? null,
    heldSeries ?? null,
  ]);
}
