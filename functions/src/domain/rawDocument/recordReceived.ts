import { z } from "zod";
import { type Database, prepared, selectRow } from "../../platform/postgres.ts";
import type { NewRawDocument } from "./storeRawDocument.ts";

const recorded = z.object({ isErased: z.boolean() });

// Its event may have come first, and a company may be gone by now. A document that was removed for its age and comes
// again is kept anew. So is one that is old enough to be about to be removed: who removes it locks its row.
const RECORD_RECEIVED = prepared(`
  with recorded as (
    insert into pipeline.raw_document as document
      (id, path, data_source_id, company_id, task_id, observed_at, received_at, state, state_since)
    select $1::text, $2::text, (select id from data_source where id = $3), (select id from company where id = $4),
           $5::int, $6::timestamp(3), $7::timestamp(3), 'RECEIVED'::pipeline.raw_document_state, $7::timestamp(3)
     where not pipeline.is_erased('COMPANY', $4)
    on conflict (id) do update set fed_again_at = excluded.received_at, removed_at = null
     where document.removed_at is not null
        or coalesce(document.fed_again_at, document.received_at) < excluded.received_at - interval '29 days'
  )
  select pipeline.is_erased('COMPANY', $4) as is_erased`);

/**
 * Keeps track of a raw document from before its module is told that it is kept, so that one whose event gets lost is
 * found. After the document: a row without one would be a loss that never was.
 *
 * @returns false where its company is being erased, or was. Whoever erases marks the company first and then looks for
 *   its documents: a document is found there, or refused here.
 */
export async function recordReceived(
  db: Database,
  { id, path }: { readonly id: string; readonly path: string },
  { source, companyId, taskId, observedAt, now }: NewRawDocument,
): Promise<boolean> {
  const values = [id, path, source.id, companyId, taskId ?? null, observedAt ?? now, now];
  const row = await selectRow(db, recorded, RECORD_RECEIVED, values);
  return row?.isErased === false;
}

const RECORD_DIRECT = prepared(`
  insert into pipeline.raw_document (id, path, received_at, state, state_since)
  values ($1, $2, $3, 'RECEIVED', $4)
  on conflict (id) do nothing`);

/** Keeps track of a document that a module wrote into Firestore itself. Whose it is, reading it tells. */
export async function recordDirect(
  db: Database,
  {
    id,
    path,
    createdAt,
  }: { readonly id: string; readonly path: string; readonly createdAt?: Date | undefined },
  now: Date,
): Promise<void> {
  await db.query(RECORD_DIRECT, [id, path, createdAt ?? now, now]);
}
