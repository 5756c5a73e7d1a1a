import { z } from "zod";
import { SEVERITIES, type Severity } from "../../domain/message/message.ts";
import { type Database, prepared, selectRows } from "../../platform/postgres.ts";
import type { Candidate } from "./candidate.ts";

/** A finding that was in the news before. */
interface EarlierFinding {
  readonly detector: string;
  readonly companyMeasurementId: number;
  readonly itemKey: string;
  readonly observedAt: Date;
  readonly direction: string | null;
  readonly severity: Severity;
}

/**
 * The candidates that become news although their series was in the news lately. Within the spacing, the rules and the
 * detector make one news item of a series, and one more where the series turns: one that flaps is in the news once, and
 * its return once. What another of them finds in the same direction must be more severe. A text makes one for each value that it takes. The same point never makes a second.
 */
export function spacedOut(
  candidates: readonly Candidate[],
  earlier: readonly EarlierFinding[],
  spacingMs: number,
): Candidate[] {
  const bySeries = Map.groupBy(earlier, spacingKey);
  const told = new Set(earlier.map(pointKey));
  const kept: Candidate[] = [];
  const inOrder = candidates.toSorted((a, b) => a.observedAt.getTime() - b.observedAt.getTime());
  for (const candidate of inOrder) {
    if (told.has(pointKey(candidate))) continue;
    const key = spacingKey(candidate);
    const others = bySeries.get(key) ?? [];
    if (!isNews(candidate, others, spacingMs)) continue;
    kept.push(candidate);
    bySeries.set(key, [...others, { ...candidate, direction: candidate.facts.direction ?? null }]);
  }
  return kept;
}

function isNews(
  { detector, observedAt, severity, facts }: Candidate,
  others: readonly EarlierFinding[],
  spacingMs: number,
): boolean {
  const at = observedAt.getTime();
  if (others.some((other) => other.observedAt.getTime() === at)) return false;
  if (facts.direction === undefined) return true;
  const near = others.filter((other) => Math.abs(other.observedAt.getTime() - at) < spacingMs);
  const isRepeat = (other: EarlierFinding) =>
    other.direction === facts.direction &&
    (other.detector === detector || SEVERITIES.indexOf(other.severity) <= SEVERITIES.indexOf(severity));
  if (near.some(isRepeat)) return false;
  return facts.kind === "change" || near.length < 2;
}

function pointKey({
  companyMeasurementId,
  itemKey,
  observedAt,
}: Pick<EarlierFinding, "companyMeasurementId" | "itemKey" | "observedAt">): string {
  return `${observedAt.getTime()} ${companyMeasurementId} ${itemKey}`;
}

function spacingKey(finding: { detector: string; companyMeasurementId: number; itemKey: string }): string {
  const isNumeric = finding.detector === "anomaly" || finding.detector.startsWith("rule:");
  return `${isNumeric ? "number" : finding.detector} ${finding.companyMeasurementId} ${finding.itemKey}`;
}

const earlierRow = z.object({
  detector: z.string(),
  companyMeasurementId: z.int(),
  itemKey: z.string(),
  observedAt: z.date(),
  direction: z.string().nullable(),
  severity: z.enum(SEVERITIES).catch("low"),
});

// By finding_series_idx and finding_part_series_idx.
const EARLIER = prepared(`
  with candidate as (
    select company_measurement_id, item_key, min(observed_at) as first, max(observed_at) as last
      from unnest($1::int[], $2::text[], $3::timestamp(3)[]) as candidate (company_measurement_id, item_key, observed_at)
     group by 1, 2
  )
  select finding.detector, finding.company_measurement_id, finding.item_key, finding.observed_at,
         finding.facts ->> 'direction' as direction, finding.severity
    from candidate
    join pipeline.finding using (company_measurement_id, item_key)
   where finding.observed_at between candidate.first - $4::interval and candidate.last + $4::interval
   union all
  select part.detector, part.company_measurement_id, part.item_key, part.observed_at, part.direction, finding.severity
    from candidate
    join pipeline.finding_part part using (company_measurement_id, item_key)
    join pipeline.finding on finding.id = part.finding_id
   where part.observed_at between candidate.first - $4::interval and candidate.last + $4::interval`);

/** The findings near the candidates, of the same series. */
export async function readEarlierFindings(
  connection: Database,
  candidates: readonly Candidate[],
  spacingMs: number,
): Promise<EarlierFinding[]> {
  if (candidates.length === 0) return [];
  return selectRows(connection, earlierRow, EARLIER, [
    candidates.map(({ companyMeasurementId }) => companyMeasurementId),
    candidates.map(({ itemKey }) => itemKey),
    candidates.map(({ observedAt }) => observedAt),
    `${spacingMs} milliseconds`,
  ]);
}
