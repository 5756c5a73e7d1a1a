import { COLUMN_TYPES, textOf } from "../../../functions/src/domain/extraction/insertValues.ts";
import type { Database, TransactionalDatabase } from "../../../functions/src/platform/postgres.ts";
import { identityOf } from "../../../functions/src/stages/analyze/subject.ts";
import { FIRST_DAY, type ShapedCompany } from "./portfolio.ts";

const SAMPLE = `
  insert into sample (source_id, company_id, value_type, company_measurement_id, item_key, value)
  select $1, $2, * from unnest($3::text[], $4::int[], $5::text[], $6::text[])`;

// A history as it grows: day by day, with the indexes in place. Numbers move a little.
const fill = (table: keyof typeof COLUMN_TYPES) => `
  insert into measurement_${table}_value
    (company_measurement_id, value, "timestamp", item_key, raw_document_id, created_at, modified_at)
  select company_measurement_id,
         value::${COLUMN_TYPES[table]}${table === "int" || table === "float" ? " + floor(random() * 5)" : ""},
         $1::timestamp(3) + day * interval '1 day', item_key,
         format('history-%s-%s-%s', source_id, company_id, day), now(), now()
    from generate_series(0, $2::int - 1) as day cross join sample
   where value_type = '${table}'
   order by day, company_id`;

const FILL_DOCUMENTS = `
  insert into pipeline.raw_document
    (id, path, data_source_id, company_id, observed_at, received_at, map_version, state, state_since, value_count, subject)
  select format('history-%s-%s-%s', source_id, company_id, day), '', source_id, company_id, observed_at, observed_at,
         1, 'ANALYZED', observed_at, values, $3
    from (select source_id, company_id, count(*)::int as values from sample where company_id = $4 group by 1, 2) company
    cross join generate_series(0, $2::int - 1) as day
    cross join lateral (select $1::timestamp(3) + day * interval '1 day' as observed_at) observation`;

/** Gives companies a history, as if a document of theirs had been normalized and analyzed each day. */
export async function fillHistory(
  db: TransactionalDatabase,
  companies: readonly ShapedCompany[],
  days: number,
): Promise<void> {
  await db.transaction(async (connection) => {
    await connection.query(`
      create temporary table sample (
        source_id int, company_id int, value_type text, company_measurement_id int, item_key text, value text
      ) on commit drop`);
    for (const company of companies) {
      await sampleOf(connection, company);
      await connection.query(FILL_DOCUMENTS, [FIRST_DAY, days, subjectOf(company), company.companyId]);
    }
    const tables = new Set(
      companies.flatMap(({ extraction }) => extraction.values.map(({ stored }) => stored.table)),
    );
    // More than the minute that a statement may take in the functions.
    await connection.query("set local statement_timeout = 0");
    for (const table of tables) await connection.query(fill(table), [FIRST_DAY, days]);
  });
}

async function sampleOf(
  connection: Database,
  { source, companyId, extraction, series }: ShapedCompany,
): Promise<void> {
  const { values } = extraction;
  await connection.query(SAMPLE, [
    source.id,
    companyId,
    values.map(({ stored }) => stored.table),
    values.map(({ measurementId }) => series.get(measurementId)),
    values.map(({ itemKey }) => itemKey),
    values.map(({ stored }) => textOf(stored)),
  ]);
}

const FORGOTTEN_STATES = (table: "int" | "float") => `
  insert into pipeline.detector_state (company_measurement_id, item_key, subject, state, last_observed_at, modified_at)
  select point.company_measurement_id, point.item_key, document.subject, '', max(point."timestamp"), now()
    from measurement_${table}_value point
    join pipeline.raw_document document on document.id = point.raw_document_id
   group by 1, 2, 3`;

/** Has the anomaly detector know of a history, which it learns at the next point of each series. */
export async function letDetectorLearn(db: Database): Promise<void> {
  await db.query(FORGOTTEN_STATES("int"));
  await db.query(FORGOTTEN_STATES("float"));
}

/** What the company's documents are taken to be about. */
function subjectOf({ extraction, source }: ShapedCompany): string {
  const names = new Map(
    source.map.Mappings.map((mapping) => [mapping.source_measurement_id, mapping.MeasurementName]),
  );
  const own = extraction.values.flatMap(({ itemKey, measurementId, stored }) => {
    const name = names.get(measurementId);
    return itemKey === "" && name !== undefined && ["text", "link", "int", "bigint"].includes(stored.table)
      ? [{ name, value: textOf(stored) }]
      : [];
  });
  return identityOf(own) ?? "";
}
