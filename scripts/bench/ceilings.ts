import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { COLUMN_TYPES, textOf } from "../../functions/src/domain/extraction/insertValues.ts";
import type { Value, ValueTable } from "../../functions/src/domain/extraction/value.ts";
import type { ShapedCompany } from "./portfolio/portfolio.ts";

/** The rows that a company's raw document comes to, by table and column. */
export interface TableRows {
  readonly table: ValueTable;
  readonly series: readonly number[];
  readonly itemKeys: readonly string[];
  readonly values: readonly (Value["stored"]["value"] | string)[];
}

/** The rows that are to come of a company's raw document. */
export function rowsOf({ extraction, series }: ShapedCompany): readonly TableRows[] {
  const byTable = Map.groupBy(extraction.values, ({ stored }) => stored.table);
  return [...byTable].map(([table, points]) => ({
    table,
    series: points.map(({ measurementId }) => series.get(measurementId) ?? 0),
    itemKeys: points.map(({ itemKey }) => itemKey),
    values: points.map(({ stored }) => (stored.table === "date" ? textOf(stored) : stored.value)),
  }));
}

/** Whose rows they are. */
export interface RowsOrigin {
  readonly id: string;
  readonly observedAt: Date;
}

/** The least that writing a document's values takes: one prepared statement, which is its own transaction. */
export async function insertByUnnest(
  pool: pg.Pool,
  rows: readonly TableRows[],
  { id, observedAt }: RowsOrigin,
): Promise<void> {
  const name = `unnest ${rows.map(({ table }) => table).join(" ")}`;
  const values = rows.flatMap((row) => [row.series, row.values, row.itemKeys]);
  await pool.query({ name, text: insertAll(rows), values: [observedAt, id, ...values] });
}

function insertAll(rows: readonly TableRows[]): string {
  const inserts = rows.map(({ table }, index) => {
    const [series, values, itemKeys] = [3, 4, 5].map((position) => `$${index * 3 + position}`);
    return `in_${table} as (
      insert into measurement_${table}_value
        (company_measurement_id, value, "timestamp", item_key, raw_document_id, created_at, modified_at)
      select company_measurement_id, value, $1, item_key, $2, $1, $1
        from unnest(${series}::int[], ${values}::${COLUMN_TYPES[table]}[], ${itemKeys}::text[])
               as point (company_measurement_id, value, item_key)
    )`;
  });
  return `with ${inserts.join(", ")} select 1`;
}

/** The same by COPY, one for each table, in one transaction. */
export async function insertByCopy(
  pool: pg.Pool,
  rows: readonly TableRows[],
  { id, observedAt }: RowsOrigin,
): Promise<void> {
  const client = await pool.connect();
  const at = observedAt.toISOString().replace("Z", "");
  try {
    await client.query("begin");
    for (const { table, series, itemKeys, values } of rows) {
      const lines = values.map(
        (value, i) =>
          `${series[i]}\t${escaped(value)}\t${at}\t${escaped(itemKeys[i] ?? "")}\t${id}\t${at}\t${at}\n`,
      );
      const copy = client.query(
        copyFrom(`
          copy measurement_${table}_value
            (company_measurement_id, value, "timestamp", item_key, raw_document_id, created_at, modified_at)
          from stdin`),
      );
      await pipeline(Readable.from([lines.join("")]), copy);
    }
    await client.query("commit");
  } finally {
    client.release();
  }
}

function escaped(value: unknown): string {
  return String(value).replace(/[\\\n\r\t]/g, (character) => ESCAPES.get(character) ?? character);
}

const ESCAPES = new Map([
  ["\\", "\\\\"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);
