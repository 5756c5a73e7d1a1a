import { type Database, prepared } from "../../platform/postgres.ts";
import type { Issue, StoredValue, Value, ValueTable } from "./value.ts";

/** The tables of values, with the type of their column `value`. */
export const COLUMN_TYPES: Readonly<Record<ValueTable, string>> = {
  int: "integer",
  bigint: "numeric",
  float: "double precision",
  bool: "boolean",
  text: "text",
  paragraph: "text",
  comment: "text",
  link: "text",
  image: "text",
  date: "timestamp(3)",
};

/** Values of one raw document, and their time. */
export interface Points {
  readonly rawDocumentId: string;
  readonly observedAt: Date;
  readonly values: readonly (Value & { readonly companyMeasurementId: number })[];
}

/** Writes the values of a raw document, by one statement for all kinds of value. */
export async function insertValues(
  connection: Database,
  { rawDocumentId, observedAt, values }: Points,
  now: Date,
): Promise<void> {
  if (values.length === 0) return;
  // In the same order for all documents of a source, so that the statement is the same.
  const byTable = [...Map.groupBy(values, ({ stored }) => stored.table)].toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const columns = byTable.flatMap(([, points]) => [
    points.map(({ companyMeasurementId }) => companyMeasurementId),
    points.map(({ stored }) => textOf(stored)),
    points.map(({ itemKey }) => itemKey),
  ]);
  const statement = prepared(insertInto(byTable.map(([table]) => table)));
  await connection.query(statement, [observedAt, rawDocumentId, now, ...columns]);
}

const COMMON_PARAMETERS = 3;
const PARAMETERS_A_TABLE = 3;

// A point that is there stays as it is, by measurement_<table>_value_point_key: even where someone removed the
// document's row in pipeline.raw_document to have it run again, nothing is doubled.
function insertInto(tables: readonly ValueTable[]): string {
  const inserts = tables.map((table, index) => {
    const first = COMMON_PARAMETERS + index * PARAMETERS_A_TABLE + 1;
    return `in_${table} as (
      insert into measurement_${table}_value
        (company_measurement_id, value, "timestamp", item_key, raw_document_id, created_at, modified_at)
      select point.company_measurement_id, point.value::${COLUMN_TYPES[table]}, $1, point.item_key, $2, $3, $3
        from unnest($${first}::int[], $${first + 1}::text[], $${first + 2}::text[])
               as point (company_measurement_id, value, item_key)
      on conflict (company_measurement_id, item_key, "timestamp", raw_document_id) do nothing
    )`;
  });
  return `with ${inserts.join(", ")} select 1`;
}

/** A value as PostgreSQL reads it, exactly. */
export function textOf(stored: StoredValue): string {
  return stored.table === "date" ? stored.value.toISOString().replace("Z", "") : String(stored.value);
}

/** Writes what did not fit. */
export async function insertIssues(
  connection: Database,
  rawDocumentId: string,
  issues: readonly Issue[],
): Promise<void> {
  if (issues.length === 0) return;
  await connection.query(
    `insert into pipeline.normalization_issue (raw_document_id, path, expected, received)
     select $1, * from unnest($2::text[], $3::text[], $4::text[])
     on conflict (raw_document_id, path, expected) do nothing`,
    [
      rawDocumentId,
      issues.map(({ path }) => path),
      issues.map(({ expected }) => expected),
      issues.map(({ received }) => received),
    ],
  );
}
