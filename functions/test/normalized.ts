import { z } from "zod";
import { type Database, selectRow, selectRows } from "../src/platform/postgres.ts";

/** What normalizing left behind, for tests to look at. */

export const VALUE_TABLES = [
  "int",
  "bigint",
  "float",
  "bool",
  "text",
  "paragraph",
  "comment",
  "link",
  "image",
  "date",
  "nested",
] as const;

const VALUES = `
  with recursive measurement as (
    select id, measurement_name as name from source_measurement
     where source_module_id = $1 and parent_measurement_id is null
    union all
    select child.id, parent.name || ' > ' || child.measurement_name
      from source_measurement child join measurement parent on parent.id = child.parent_measurement_id
  ), value as (
    ${VALUE_TABLES.map(
      (table) => `select '${table}' as type, company_measurement_id, item_key, value::text, "timestamp",
                         raw_document_id, modified_at from measurement_${table}_value`,
    ).join(" union all ")}
  )
  select measurement.name, value.type, item_key as item, value, "timestamp", raw_document_id, value.modified_at
    from value
    join company_source_measurement series using (company_measurement_id)
    join measurement on measurement.id = series.source_measurement_id
   order by measurement.id, item_key, raw_document_id`;

const value = z.object({
  name: z.string(),
  type: z.enum(VALUE_TABLES),
  item: z.string(),
  value: z.string(),
  timestamp: z.date(),
  rawDocumentId: z.string().nullable(),
  modifiedAt: z.date(),
});

/** All values of a source, by measurement and item. */
export function valuesOf(db: Database, sourceId: number) {
  return selectRows(db, value, VALUES, [sourceId]);
}

const document = z.object({
  id: z.string(),
  state: z.enum(["RECEIVED", "NORMALIZED", "ANALYZED", "DATA_PROBLEM", "FAILED"]),
  reason: z.string().nullable(),
  dataSourceId: z.int().nullable(),
  companyId: z.int().nullable(),
  mapVersion: z.int().nullable(),
  valueCount: z.int(),
  issueCount: z.int(),
});

/** What is recorded of a raw document. */
export function documentState(db: Database, id: string) {
  return selectRow(db, document, "select * from pipeline.raw_document where id = $1", [id]);
}

const issue = z.object({ path: z.string(), expected: z.string(), received: z.string() });

/** What did not fit, of one raw document. */
export function issuesOf(db: Database, id: string) {
  const text = `select path, expected, received from pipeline.normalization_issue
                 where raw_document_id = $1 order by path`;
  return selectRows(db, issue, text, [id]);
}
