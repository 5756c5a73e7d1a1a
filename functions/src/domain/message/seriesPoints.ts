import { z } from "zod";
import { type Database, selectRows } from "../../platform/postgres.ts";
import { isLastOfPeriod } from "../analysis/earlierPoints.ts";
import type { ChartPoint } from "./message.ts";

/** One numeric series up to a time: a measurement of a company, and the item of a nested list ('' for none). */
export interface SeriesUntil {
  readonly companyMeasurementId: number;
  readonly itemKey: string;
  readonly until: Date;
  /** When the newest value decides of which handle of the company the points are, where that is not `until`. */
  readonly handleAt?: Date;
  /** That value, where it is known: two handles may have values of the same time. */
  readonly handleValue?: number | undefined;
}

const pointRow = z.object({ series: z.coerce.number(), at: z.date(), value: z.number() });

/**
 * The newest points of each series, the oldest first; none for what is no number. As in the analysis, values that were
 * a data problem do not count, nor do those of another handle of the company than the newest value's. One statement,
 * whatever the number of series.
 */
export async function newestPoints(
  db: Database,
  series: readonly SeriesUntil[],
  most: number,
): Promise<ChartPoint[][]> {
  if (series.length === 0) return [];
  const rows = await selectRows(db, pointRow, NEWEST_POINTS, [
    series.map(({ companyMeasurementId }) => companyMeasurementId),
    series.map(({ itemKey }) => itemKey),
    series.map(({ until }) => until),
    series.map(({ until, handleAt }) => handleAt ?? until),
    series.map(({ handleValue }) => handleValue ?? null),
    most,
  ]);
  const bySeries = Map.groupBy(rows, ({ series }) => series);
  return series.map((_, index) => (bySeries.get(index + 1) ?? []).map(({ at, value }) => ({ at, value })));
}

const TABLES = ["int", "float", "bigint"] as const;

const ofSeries = (until: string) => `
      value.company_measurement_id = series.company_measurement_id and value.item_key = series.item_key
      and value."timestamp" <= ${until}`;

// What no double holds is in no chart.
const asDouble = (table: string) => (table === "bigint" ? " and abs(value.value) < 1e308" : "");

const isSound = `(
      document.state = 'ANALYZED'
      or document.state = 'DATA_PROBLEM' and exists (
        select from pipeline.data_problem problem
         where problem.raw_document_id = document.id
           and (value.company_measurement_id || ' ' || value.item_key) <> all (problem.held_series)))`;

// Both read the end of measurement_*_value_point_key, and documents by their primary key.
const newestSubject = (table: string) => `
  (select value."timestamp" as at, value.value::float8 is not distinct from series.handle_value as is_it, document.subject
     from measurement_${table}_value value
     join pipeline.raw_document document on document.id = value.raw_document_id and ${isSound}
    where ${ofSeries("series.handle_at")}${asDouble(table)}
    order by value."timestamp" desc, is_it desc, document.id desc limit 1)`;

// Values of other writers have no document.
const newestOf = (table: string) => `
  (select value."timestamp" as at, value.value::float8 as value
     from measurement_${table}_value value
    where ${ofSeries("series.until")}${asDouble(table)} and ${isLastOfPeriod(table, "value", "series")}
      and not exists (
        select from pipeline.raw_document document
         where document.id = value.raw_document_id
           and (not ${isSound} or document.subject is distinct from newest.subject))
    order by value."timestamp" desc limit $6)`;

const NEWEST_POINTS = `
  select series.number as series, point.at, point.value
    from unnest($1::int[], $2::text[], $3::timestamp(3)[], $4::timestamp(3)[], $5::float8[])
           with ordinality as series (company_measurement_id, item_key, until, handle_at, handle_value, number)
    left join lateral (
     select subject from (${TABLES.map(newestSubject).join(" union all ")}) as last order by at desc, is_it desc limit 1
   ) newest on true
   cross join lateral (
     select at, value from (${TABLES.map(newestOf).join(" union all ")}) as value order by at desc limit $6
   ) point
   order by series.number, point.at`;
