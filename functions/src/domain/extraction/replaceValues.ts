import { z } from "zod";
import { type Database, selectRows } from "../../platform/postgres.ts";
import { type SeriesId, seriesKey } from "../analysis/series.ts";
import { COLUMN_TYPES, insertValues, type Points, textOf } from "./insertValues.ts";
import type { ValueTable } from "./value.ts";

const seriesRow = z.object({ companyMeasurementId: z.int(), itemKey: z.string() });

const NUMBER_TABLES: readonly string[] = ["int", "bigint", "float"] satisfies ValueTable[];

/**
 * Puts the values of a raw document in place of those that it had. A value that is the same stays as it is, with its id
 * and the score of a comment.
 *
 * @returns the series of numbers that changed
 */
export async function replaceValues(
  connection: Database,
  points: Points,
  now: Date,
): Promise<readonly SeriesId[]> {
  const byTable: ReadonlyMap<string, Points["values"]> = Map.groupBy(
    points.values,
    ({ stored }) => stored.table,
  );
  const changed = new Map<string, SeriesId>();
  for (const [table, type] of Object.entries(COLUMN_TYPES)) {
    const kept = byTable.get(table) ?? [];
    const removed = await selectRows(connection, seriesRow, removeOthers(table, type), [
      points.rawDocumentId,
      points.observedAt,
      kept.map(({ companyMeasurementId }) => companyMeasurementId),
      kept.map(({ itemKey }) => itemKey),
      kept.map(({ stored }) => textOf(stored)),
    ]);
    if (NUMBER_TABLES.includes(table)) {
      for (const series of removed) changed.set(seriesKey(series), series);
    }
  }
  const left = await selectRows(connection, seriesRow, NUMBERS_LEFT, [points.rawDocumentId]);
  const unchanged = new Set(left.map(seriesKey));
  await insertValues(connection, points, now);
  for (const { companyMeasurementId, itemKey, stored } of points.values) {
    const series = { companyMeasurementId, itemKey };
    const isNew = NUMBER_TABLES.includes(stored.table) && !unchanged.has(seriesKey(series));
    if (isNew) changed.set(seriesKey(series), series);
  }
  return [...changed.values()];
}

// By measurement_<table>_value_raw_document_idx.
function removeOthers(table: string, type: string): string {
  return `
    delete from measurement_${table}_value there
     where there.raw_document_id = $1
       and not exists (
         select from unnest($3::int[], $4::text[], $5::text[]) as kept (company_measurement_id, item_key, value)
          where kept.company_measurement_id = there.company_measurement_id and kept.item_key = there.item_key
            and there."timestamp" = $2 and kept.value::${type} = there.value)
    returning company_measurement_id, item_key`;
}

// The same.
const NUMBERS_LEFT = NUMBER_TABLES.map(
  (table) =>
    `select company_measurement_id, item_key from measurement_${table}_value where raw_document_id = $1`,
).join(" union all ");

/** Removes what an earlier run found that did not fit. */
export async function removeIssues(connection: Database, rawDocumentId: string): Promise<void> {
  await connection.query("delete from pipeline.normalization_issue where raw_document_id = $1", [
    rawDocumentId,
  ]);
}
