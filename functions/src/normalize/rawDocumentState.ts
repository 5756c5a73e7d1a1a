import { z } from "zod";
import { type Database, selectRow } from "../platform/postgres.ts";

/** Which raw document it is, and what it says of itself. What cannot be read of it is null. */
export interface DocumentOrigin {
  readonly id: string;
  readonly path: string;
  readonly sourceId: number | null;
  readonly companyId: number | null;
  readonly taskId: number | null;
  readonly observedAt: Date | null;
  readonly receivedAt: Date | null;
}

/** What a raw document has become. */
export interface NormalizedDocument {
  readonly mapVersion: number;
  readonly valueCount: number;
  readonly issueCount: number;
}

const counts = z.object({ map_version: z.int(), value_count: z.int(), issue_count: z.int() }).transform(
  (row): NormalizedDocument => ({
    mapVersion: row.map_version,
    valueCount: row.value_count,
    issueCount: row.issue_count,
  }),
);

// Two runs of the same document meet at the primary key: the second waits until the first has committed, and then
// finds it normalized. The row stays locked until the end of the transaction.
const BEGIN_NORMALIZED = `
  insert into pipeline.raw_document as document
    (id, path, data_source_id, company_id, task_id, observed_at, received_at,
     map_version, state, value_count, issue_count, normalized_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, 'NORMALIZED', $9, $10, $11)
  on conflict (id) do update
     set path = excluded.path, data_source_id = excluded.data_source_id, company_id = excluded.company_id,
         task_id = excluded.task_id, observed_at = excluded.observed_at, received_at = excluded.received_at,
         map_version = excluded.map_version, state = excluded.state, reason = null,
         value_count = excluded.value_count, issue_count = excluded.issue_count,
         normalized_at = excluded.normalized_at
   where document.state = 'FAILED'
  returning id`;

/** Marks a document as normalized. @returns false where it was already, and nothing is left to do */
export async function beginNormalized(
  connection: Database,
  origin: DocumentOrigin,
  { mapVersion, valueCount, issueCount }: NormalizedDocument,
  now: Date,
): Promise<boolean> {
  const { rowCount } = await connection.query(BEGIN_NORMALIZED, [
    ...originColumns(origin),
    mapVersion,
    valueCount,
    issueCount,
    now,
  ]);
  return rowCount === 1;
}

/** What an earlier run made of the document, or undefined where it is not normalized. */
export function normalizedDocument(
  connection: Database,
  id: string,
): Promise<NormalizedDocument | undefined> {
  return selectRow(
    connection,
    counts,
    `select map_version, value_count, issue_count
       from pipeline.raw_document where id = $1 and state = 'NORMALIZED'`,
    [id],
  );
}

/** Corrects the counts, where a measurement turned out to be gone. */
export async function correctCounts(
  connection: Database,
  id: string,
  { valueCount, issueCount }: NormalizedDocument,
): Promise<void> {
  await connection.query(
    "update pipeline.raw_document set value_count = $2, issue_count = $3 where id = $1",
    [id, valueCount, issueCount],
  );
}

// A source or a company that is gone is left out: the reason names it.
const MARK_FAILED = `
  insert into pipeline.raw_document as document
    (id, path, data_source_id, company_id, task_id, observed_at, received_at, state, reason, normalized_at)
  values (
    $1, $2,
    (select id from data_source where id = $3::bigint), (select id from company where id = $4::bigint),
    $5, $6, $7, 'FAILED', $8, $9
  )
  on conflict (id) do update set reason = excluded.reason, normalized_at = excluded.normalized_at
   where document.state = 'FAILED'`;

const MAX_REASON = 2000;

/** Records why a document was not normalized. One that was normalized meanwhile stays so. */
export async function markFailed(
  connection: Database,
  origin: DocumentOrigin,
  reason: string,
  now: Date,
): Promise<void> {
  const words = reason.replaceAll("\0", "\uFFFD").slice(0, MAX_REASON).toWellFormed();
  await connection.query(MARK_FAILED, [...originColumns(origin), words, now]);
}

function originColumns({ id, path, sourceId, companyId, taskId, observedAt, receivedAt }: DocumentOrigin) {
  return [id, path, sourceId, companyId, taskId, observedAt, receivedAt];
}
