import { z } from "zod";
import { unitOf } from "../../domain/finding/unitOf.ts";
import type { FindingRow } from "../../domain/message/findings.ts";
import type { ChartPoint, ReportSeries } from "../../domain/message/message.ts";
import { newestPoints } from "../../domain/message/seriesPoints.ts";
import { type Database, selectRows } from "../../platform/postgres.ts";
import type { Period } from "./week.ts";

const candidateRow = z
  .object({
    companyId: z.int(),
    companyMeasurementId: z.int(),
    measurementName: z.string(),
    sourceName: z.string(),
  })
  .transform((row) => ({
    companyId: row.companyId,
    companyMeasurementId: row.companyMeasurementId,
    itemKey: "",
    measurementName: row.measurementName,
    sourceName: row.sourceName,
    unit: unitOf(row.measurementName),
    isNews: false,
  }));

type ReportedSeries = z.output<typeof candidateRow>;

const MAX_SERIES = 4;
// A sparkline is 132 pixels wide. If more points came in the week, as in hourly series, it shows the week's.
const DRAWN_POINTS = 60;
const MAX_POINTS = 200;

/**
 * The series that a report shows for each company: those in the news, then the company's own that changed most over the
 * week. Three statements, whatever the number of companies.
 */
export async function keySeries(
  db: Database,
  {
    companyIds,
    news,
    period,
  }: { companyIds: readonly number[]; news: readonly FindingRow[]; period: Period },
): Promise<Map<number, ReportSeries[]>> {
  const candidates = onceEach([
    ...seriesOfNews(news),
    ...(await selectRows(db, candidateRow, OWN_SERIES, [companyIds])),
  ]);
  const moved = await changesOf(db, candidates, period);
  const ranked = moved.toSorted(
    (a, b) => Number(b.isNews) - Number(a.isNews) || Math.abs(b.change ?? 0) - Math.abs(a.change ?? 0),
  );
  const byCompany = Map.groupBy(ranked, ({ companyId }) => companyId);
  const shown = [...byCompany.values()].flatMap((own) => own.slice(0, MAX_SERIES));
  const points = await newestPoints(
    db,
    shown.map((one) => ({ ...one, until: period.to })),
    MAX_POINTS,
  );
  const series = shown.map((one, index) => ({
    one,
    series: described(one, drawn(points[index] ?? [], period)),
  }));
  const ofCompany = Map.groupBy(series, ({ one }) => one.companyId);
  return new Map([...ofCompany].map(([companyId, own]) => [companyId, own.map(({ series }) => series)]));
}

/** The first of each series. */
function onceEach(candidates: readonly ReportedSeries[]): ReportedSeries[] {
  const byKey = new Map<string, ReportedSeries>();
  for (const candidate of candidates) {
    const key = JSON.stringify([candidate.companyMeasurementId, candidate.itemKey]);
    if (!byKey.has(key)) byKey.set(key, candidate);
  }
  return [...byKey.values()];
}

interface Moved extends ReportedSeries {
  readonly latest: number;
  readonly change: number | null;
}

/** The candidates that can be drawn, without those unchanged since before the week, unless they are news. */
async function changesOf(
  db: Database,
  candidates: readonly ReportedSeries[],
  { from, to }: Period,
): Promise<Moved[]> {
  const now = candidates.map((candidate) => ({ ...candidate, until: to }));
  const before = candidates.map((candidate) => ({ ...candidate, until: from, handleAt: to }));
  const ends = await newestPoints(db, [...now, ...before], 2);
  return candidates.flatMap((candidate, index) => {
    const newest = ends[index] ?? [];
    const latest = newest.at(-1);
    if (latest === undefined || newest.length < 2 || (!candidate.isNews && latest.at <= from)) return [];
    const change = changeSince([...(ends[candidates.length + index] ?? []), ...newest], from);
    return [{ ...candidate, latest: latest.value, change }];
  });
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

function seriesOfNews(news: readonly FindingRow[]): ReportedSeries[] {
  return news.map((found) => ({
    companyId: found.companyId,
    companyMeasurementId: found.companyMeasurementId,
    itemKey: found.itemKey,
    measurementName:
      found.facts.item === undefined
        ? found.measurementName
        : `${found.measurementName}: ${found.facts.item}`,
    sourceName: found.sourceName,
    unit: unitOf(found.measurementName),
    isNews: true,
  }));
}

function drawn(points: readonly ChartPoint[], { from }: Period): readonly ChartPoint[] {
  const lastBefore = points.findLastIndex(({ at }) => at <= from);
  return points.slice(Math.max(0, Math.min(lastBefore, points.length - DRAWN_POINTS)));
}

function described(
  { measurementName, sourceName, unit, change, latest }: Moved,
  points: readonly ChartPoint[],
): ReportSeries {
  return { measurementName, sourceName, points, change, latest, ...(unit === undefined ? {} : { unit }) };
}

/**
 * The change in percent of the newest value against the last one before a time. Null if there is no such value,
 * if it was zero, or if nothing came since.
 */
export function changeSince(points: readonly ChartPoint[], from: Date): number | null {
  const latest = points.at(-1);
  const before = points.findLast(({ at }) => at <= from);
  if (latest === undefined || before === undefined || latest.at <= from || before.value === 0) return null;
  return ((latest.value - before.value) / Math.abs(before.value)) * 100;
}
