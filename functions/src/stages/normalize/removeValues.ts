import { z } from "zod";
import type { Batch, ExpiredOfSource, RetentionStores } from "../../domain/upkeep/upkeep.ts";
import { type Database, selectRows } from "../../platform/postgres.ts";
import { forgetDocuments } from "./removeDocuments.ts";

const DOCUMENTS_A_BATCH = 200;
// A transaction of a second or two. One document may have 45,000 values, and goes as a whole.
const VALUES_A_BATCH = 20_000;

// Reads raw_document_values_kept_idx. Only what has ended: what is open is still to be analyzed.
const EXPIRED = `
  with candidate as (
    select id, value_count, received_at
      from pipeline.raw_document
     where data_source_id = $1 and received_at < $2 and values_removed_at is null
       and state in ('ANALYZED', 'DATA_PROBLEM', 'FAILED')
     order by received_at, id
     limit ${DOCUMENTS_A_BATCH}
       for update skip locked
  )
  select id, sum(value_count) over (order by received_at, id) - value_count < ${VALUES_A_BATCH} as is_taken
    from candidate`;

const NUMBER_TABLES = ["int", "bigint", "float"];
const OTHER_TABLES = ["bool", "text", "paragraph", "comment", "link", "image", "date", "nested"];

// By measurement_<table>_value_raw_document_idx. A series of which nothing is left but what the detector remembers is
// forgotten by it; one that goes on keeps its state, which is of bounded size.
const REMOVE = `
  with ${[...NUMBER_TABLES, ...OTHER_TABLES]
    .map(
      (table) => `${table}_gone as (
    delete from measurement_${table}_value where raw_document_id = any ($1::text[])
    returning company_measurement_id, item_key, "timestamp"
  )`,
    )
    .join(", ")}, ended as (
    select company_measurement_id, item_key, max("timestamp") as last_at
      from (${NUMBER_TABLES.map((table) => `select * from ${table}_gone`).join(" union all ")}) as number
     group by company_measurement_id, item_key
  )
  delete from pipeline.detector_state state
   using ended
   where state.company_measurement_id = ended.company_measurement_id and state.item_key = ended.item_key
     and state.last_observed_at <= ended.last_at`;

const MARK = "update pipeline.raw_document set values_removed_at = $2 where id = any ($1::text[])";

/** Removes the values of documents, those of one document together. Values of other writers have none, and stay. */
export function removeValues(
  { db }: Pick<RetentionStores, "db">,
  { sourceId, before, now }: ExpiredOfSource,
): Promise<Batch> {
  return db.transaction(async (connection) => {
    const expired = await selectRows(connection, expiredRow, EXPIRED, [sourceId, before]);
    const ids = expired.filter(({ isTaken }) => isTaken).map(({ id }) => id);
    await remove(connection, ids, now);
    return { removed: ids.length, isLast: ids.length < DOCUMENTS_A_BATCH && ids.length === expired.length };
  });
}

const expiredRow = z.object({ id: z.string(), isTaken: z.boolean() });

async function remove(connection: Database, ids: readonly string[], now: Date): Promise<void> {
  if (ids.length === 0) return;
  await connection.query(REMOVE, [ids]);
  await connection.query(MARK, [ids, now]);
  await forgetDocuments(connection, ids);
}
