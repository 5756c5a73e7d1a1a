import { z } from "zod";
import { removeRawDocuments } from "../../domain/rawDocument/removeRawDocuments.ts";
import type { Batch, ExpiredOfSource, RetentionStores } from "../../domain/upkeep/upkeep.ts";
import { type Database, selectRows } from "../../platform/postgres.ts";

const DOCUMENTS_A_BATCH = 100;
// Whoever feeds a document again writes its blob first. No function that feeds lives for longer than this.
const BEING_FED_MS = 60 * 60_000;

// Reads raw_document_kept_idx. Only what has ended: what is open is the sweeper's. The locks keep whoever would run one
// of them again, or feeds it again, until it is gone.
const EXPIRED = `
  select id, path
    from pipeline.raw_document
   where data_source_id = $1 and coalesce(fed_again_at, received_at) < $2 and removed_at is null
     and state in ('ANALYZED', 'DATA_PROBLEM', 'FAILED')
   order by coalesce(fed_again_at, received_at)
   limit $3
     for update skip locked`;

const MARK = "update pipeline.raw_document set removed_at = $2 where id = any ($1::text[])";
// They quote the document.
const REMOVE_ISSUES = "delete from pipeline.normalization_issue where raw_document_id = any ($1::text[])";

/**
 * Removes raw documents from Firestore and the blob store. Their rows stay: values refer to them, and an old answer
 * that is fed again is known by them. Interrupted, it removes the same again.
 */
export function removeDocuments(
  { db, ...stores }: RetentionStores,
  { sourceId, before, now }: ExpiredOfSource,
): Promise<Batch> {
  return db.transaction(async (connection) => {
    const expired = await selectRows(connection, documentRow, EXPIRED, [sourceId, before, DOCUMENTS_A_BATCH]);
    const writtenBefore = new Date(now.getTime() - BEING_FED_MS);
    const ids = (await removeRawDocuments(stores, expired, writtenBefore)).map(({ id }) => id);
    await connection.query(REMOVE_ISSUES, [ids]);
    await connection.query(MARK, [ids, now]);
    await forgetDocuments(connection, ids);
    return { removed: ids.length, isLast: expired.length < DOCUMENTS_A_BATCH || ids.length === 0 };
  });
}

const documentRow = z.object({ id: z.string(), path: z.string() });

// Without a stated time of observation, an answer belongs to its mining task or its day (rawDocumentId.ts): it cannot
// come again.
const FORGET = `
  delete from pipeline.raw_document
   where id = any ($1::text[]) and removed_at is not null and values_removed_at is not null
     and observed_at = received_at`;

/** Removes the rows of documents that nothing is left of and that cannot come again. */
export async function forgetDocuments(connection: Database, ids: readonly string[]): Promise<void> {
  await connection.query(FORGET, [ids]);
}
