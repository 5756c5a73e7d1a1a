import { z } from "zod";
import type { ReportSeries, SeriesPoint } from "../channels/message.ts";
import type { Found } from "../delivery/findings.ts";
import { newestPoints } from "../delivery/seriesPoints.ts";
import { type Database, selectRows } from "../platform/postgres.ts";
import type { Period } from "./week.ts";

const candidateRow = z
  .object({
    company_id: z.int(),
    company_measurement_id: z.int(),
    measurement_name: z.string(),
    source_name: z.string(),
  })
  .transform((row) => ({
    companyId: row.company_id,
    companyMeasurementId: row.company_measurement_id,
    itemKey: "",
    measurementName: row.measurement_name,
    sourceName: row.source_name,
    isNews: false,
  }));

type Candidate = z.output<typeof candidateRow>;

const MOST_SERIES = 4;
// A sparkline is 132 pixels wide.
const MOST_POINTS = 60;

/**
 * The series of each company that a report shows: those that the news are about, then those of the company itself
 * that changed most over the week. Two statements, whatever the number of companies.
 */
export async function keySeries(
  db: Database,
  { companyIds, news, period }: { companyIds: readonly number[]; news: readonly Found[]; period: Period },
): Promise<Map<number, ReportSeries[]>> {
  const candidates = [
    ...seriesOfNews(news),
    ...(await selectRows(db, candidateRow, OWN_SERIES, [companyIds])),
  ];
  const points = await newestPoints(db, candidates, { most: MOST_POINTS, until: period.to });
  const shown = candidates.flatMap((candidate, index) => described(candidate, points[index] ?? [], period));
  const ranked = shown.toSorted(
    (a, b) => Number(b.isNews) - Number(a.isNews) || Math.abs(b.change ?? 0) - Math.abs(a.change ?? 0),
  );
  const firstOfEach = ranked.filter((one, index) => ranked.findIndex(({ key }) => key === one.key) === index);
  const byCompany = Map.groupBy(firstOfEach, ({ companyId }) => companyId);
  return new Map(
    [...byCompany].map(([companyId, own]) => [
      companyId,
      own.slice(0, MOST_SERIES).map(({ series }) => series),
    ]),
  );
}

// By company_source_measurement_company_id_idx. A company itself has few figures; its items may have thousands.
const OWN_SERIES = `
  select company_id, company_measurement_id, measurement_name, source_name
    from (
      select series.company_id, series.company_measurement_id, measurement.measurement_name, source.source_name,
             row_number() over (partition by series.company_id order by measurement.id) as number
        from company_source_measurement series
        join source_measurement measurement on measurement.id = series.source_measurement_id
        join data_source source on source.id = measurement.source_module_id
       where series.company_id = any($1::int[]) and series.is_canonical
         and measurement.parent_measurement_id is null and lower(measurement.type) in ('int', 'float')
    ) as numbered
   where number <= 20`;

function seriesOfNews(news: readonly Found[]): Candidate[] {
  return news.map((found) => ({
    companyId: found.company_id,
    companyMeasurementId: found.company_measurement_id,
    itemKey: found.item_key,
    measurementName:
      found.facts.item === undefined
        ? found.measurement_name
        : `${found.measurement_name}: ${found.facts.item}`,
    sourceName: found.source_name,
    isNews: true,
  }));
}

/** Leaves out what is no series of numbers, and what has stood still since before the week, unless it is news. */
function described(candidate: Candidate, points: readonly SeriesPoint[], { from }: Period) {
  const latest = points.at(-1);
  if (latest === undefined || points.length < 2) return [];
  const { companyId, companyMeasurementId, itemKey, measurementName, sourceName, isNews } = candidate;
  if (!isNews && latest.at <= from) return [];
  const change = changeSince(points, from);
  const series: ReportSeries = {
    measurementName,
    sourceName,
    points,
    change,
    latest: latest.value,
  };
  return [{ companyId, key: JSON.stringify([companyMeasurementId, itemKey]), isNews, change, series }];
}

/**
 * The change in percent of the newest value against the last one before a time. Null where there is no such value,
 * where it was zero, or where nothing came since.
 */
export function changeSince(points: readonly SeriesPoint[], from: Date): number | null {
  const latest = points.at(-1);
  const before = points.findLast(({ at }) => at <= from);
  if (latest === undefined || before === undefined || latest.at <= from || before.value === 0) return null;
  return ((latest.value - before.value) / Math.abs(before.value)) * 100;
}
