import type pg from "pg";
import type { ShapedCompany } from "./portfolio/portfolio.ts";

/** The series of a document that one table of numbers has. */
export interface SeriesOfTable {
  readonly table: "int" | "float";
  readonly series: readonly number[];
  readonly itemKeys: readonly string[];
}

/** The series that the numbers of a company's document belong to, by table. */
export function seriesOf({ extraction, series }: ShapedCompany): SeriesOfTable[] {
  return (["int", "float"] as const).flatMap((table) => {
    const points = extraction.values.filter(({ stored }) => stored.table === table);
    if (points.length === 0) return [];
    return [
      {
        table,
        series: points.map(({ measurementId }) => series.get(measurementId) ?? 0),
        itemKeys: points.map(({ itemKey }) => itemKey),
      },
    ];
  });
}

/** The least that knowing the newest points of some series takes: one prepared statement, by the index of points. */
export async function readHistories(
  pool: pg.Pool,
  tables: readonly SeriesOfTable[],
  { until, points }: { readonly until: Date; readonly points: number },
): Promise<number> {
  const parts = tables.map(({ table }, index) => {
    const [series, itemKeys] = [3, 4].map((position) => `$${index * 2 + position}`);
    return `
      select series.company_measurement_id, series.item_key, history.value::float8, history."timestamp"
        from unnest(${series}::int[], ${itemKeys}::text[]) as series (company_measurement_id, item_key)
        cross join lateral (
          select value, "timestamp"
            from measurement_${table}_value point
           where point.company_measurement_id = series.company_measurement_id
             and point.item_key = series.item_key and point."timestamp" < $1
           order by point."timestamp" desc
           limit $2
        ) history`;
  });
  const { rows } = await pool.query({
    name: `histories ${tables.map(({ table }) => table).join(" ")}`,
    text: parts.join(" union all "),
    values: [until, points, ...tables.flatMap((one) => [one.series, one.itemKeys])],
  });
  return rows.length;
}
