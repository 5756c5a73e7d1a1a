import { z } from "zod";
import { storedReason } from "../../platform/errorText.ts";
import { type Database, prepared, selectRow } from "../../platform/postgres.ts";

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

const counts = z.object({ mapVersion: z.int(), valueCount: z.int(), issueCount: z.int() });

const begun = z.object({ hadValues: z.boolean() });

// Two runs of the same document meet at the primary key: the second waits until the first has committed, and then
// finds it normalized. The row stays locked until the end of the transaction.
const BEGIN_NORMALIZED = prepared(`
  with earlier as (select from pipeline.raw_document where id = $1 and map_version is not null)
  insert into pipeline.raw_document as document
    (id, path, data_source_id, company_id, task_id, observed_at, received_at,
     map_version, state, value_count, issue_count, state_since, lists)
  values ($1, $2, $3, $4, $5, $6, $7, $8, 'NORMALIZED', $9, $10, $11, $12::jsonb)
  on conflict (id) do update
     set path = excluded.path, data_source_id = excluded.data_source_id, company_id = excluded.company_id,
         task_id = excluded.task_id, observed_at = excluded.observed_at, received_at = excluded.received_at,
         map_version = excluded.map_version, state = excluded.state, reason = null, lists = excluded.lists,
         value_count = excluded.value_count, issue_count = excluded.issue_count,
         state_since = excluded.state_since, attempt = 0, last_tried_at = null, runs = 0, running_until = null,
         values_removed_at = null
   where document.state in ('RECEIVED', 'FAILED')
  returning exists (select from earlier) as had_values`);

/**
 * Marks a document as normalized.
 *
 * @returns whether it had been normalized before it failed; undefined where it is already, and nothing is left to do
 */
export async function beginNormalized(
  connection: Database,
  origin: DocumentOrigin,
  { mapVersion, valueCount, issueCount, lists }: NormalizedDocument & { readonly lists: string },
  now: Date,
): Promise<{ readonly hadValues: boolean } | undefined> {
  const values = [...originColumns(origin), mapVersion, valueCount, issueCount, now, lists];
  return selectRow(connection, begun, BEGIN_NORMALIZED, values);
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
       from pipeline.raw_document where id = $1 and state in ('NORMALIZED', 'ANALYZED', 'DATA_PROBLEM')`,
    [id],
  );
}

/** Corrects what a document has become: a measurement turned out to be gone, or another map was applied. */
export async function correctCounts(
  connection: Database,
  id: string,
  { mapVersion, valueCount, issueCount }: NormalizedDocument,
  lists: string,
): Promise<void> {
  await connection.query(
    `update pipeline.raw_document set map_version = $2, value_count = $3, issue_count = $4, lists = $5::jsonb
      where id = $1`,
    [id, mapVersion, valueCount, issueCount, lists],
  );
}

// A source or a company that is gone is left out: the reason names it; of a company that is erased nothing is written.
// One that was interrupted stays in its state.
const RECORD = `
  insert into pipeline.raw_document as document
    (id, path, data_source_id, company_id, task_id, observed_at, received_at, state, reason, state_since)
  select $1, $2,
         (select id from data_source where id = $3::bigint), (select id from company where id = $4::bigint),
         $5::int, $6::timestamp(3), $7::timestamp(3), $8::pipeline.raw_document_state, $9, $10::timestamp(3)
   where not pipeline.is_erased('COMPANY', $4::bigint)
  on conflict (id) do update
     set reason = excluded.reason,
         state = case when excluded.state = 'FAILED' then 'FAILED' else document.state end,
         state_since = case
           when excluded.state = 'FAILED' then excluded.state_since else document.state_since end
   where document.state in ('RECEIVED', 'FAILED')`;

/** Records why a document cannot be normalized. One that was normalized meanwhile stays so. */
export function markFailed(
  connection: Database,
  origin: DocumentOrigin,
  reason: string,
  now: Date,
): Promise<void> {
  return record(connection, { origin, state: "FAILED", reason }, now);
}

/** Records why a run was interrupted: the document is to be run again, by its event or by the sweeper. */
export function markInterrupted(
  connection: Database,
  origin: DocumentOrigin,
  reason: string,
  now: Date,
): Promise<void> {
  return record(connection, { origin, state: "RECEIVED", reason: `Interrupted: ${reason}` }, now);
}

async function record(
  connection: Database,
  { origin, state, reason }: { origin: DocumentOrigin; state: "RECEIVED" | "FAILED"; reason: string },
  now: Date,
): Promise<void> {
  await connection.query(RECORD, [...originColumns(origin), state, storedReason(reason), now]);
}

function originColumns({ id, path, sourceId, companyId, taskId, observedAt, receivedAt }: DocumentOrigin) {
  return [id, path, sourceId, companyId, taskId, observedAt, receivedAt];
}
