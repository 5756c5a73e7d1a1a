import { z } from "zod";
import type { SeriesPoint } from "../channels/message.ts";
import { type Database, selectRows } from "../platform/postgres.ts";

/** One numeric series: a measurement of a company, and the item of a nested list ('' for none). */
export interface SeriesKey {
  readonly companyMeasurementId: number;
  readonly itemKey: string;
}

const pointRow = z.object({ series: z.coerce.number(), at: z.date(), value: z.number() });

/**
 * The newest points of each series, the oldest first; none for what is no number. One statement, whatever the
 * number of series.
 */
export async function newestPoints(
  db: Database,
  keys: readonly SeriesKey[],
  { most, until }: { most: number; until: Date },
): Promise<SeriesPoint[][]> {
  if (keys.length === 0) return [];
  const rows = await selectRows(db, pointRow, NEWEST_POINTS, [
    keys.map(({ companyMeasurementId }) => companyMeasurementId),
    keys.map(({ itemKey }) => itemKey),
    most,
    until,
  ]);
  const bySeries = Map.groupBy(rows, ({ series }) => series);
  return keys.map((_, index) => (bySeries.get(index + 1) ?? []).map(({ at, value }) => ({ at, value })));
}

// Each look-up reads the end of measurement_*_value_point_key.
const newestOf = (table: string) => `
  (select "timestamp" as at, value::float8 as value from measurement_${table}_value value
    where value.company_measurement_id = series.company_measurement_id and value.item_key = series.item_key
      and value."timestamp" <= $4
    order by value."timestamp" desc limit $3)`;

const NEWEST_POINTS = `
  select series.number as series, point.at, point.value
    from unnest($1::int[], $2::text[]) with ordinality as series (company_measurement_id, item_key, number)
   cross join lateral (
     select at, value
       from (${["int", "float", "bigint"].map(newestOf).join(" union all ")}) as newest
      order by at desc limit $3
   ) point
   order by series.number, point.at`;
