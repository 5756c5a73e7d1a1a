import { z } from "zod";
import { type Database, prepared, selectRows } from "../../platform/postgres.ts";
import type { Candidate } from "./candidate.ts";

/** A finding that was told. */
export interface Told {
  readonly detector: string;
  readonly companyMeasurementId: number;
  readonly itemKey: string;
  readonly observedAt: Date;
  readonly direction: string | null;
}

/**
 * The candidates that are told although their series was in the news lately. Within the spacing a rule or the detector
 * tells once of a series, and once more where it goes the other way: a series that flaps is told once, and its return
 * once. A text is told once for each value that it takes. What was told of the very same point is not told again.
 */
export function spacedOut(
  candidates: readonly Candidate[],
  told: readonly Told[],
  spacingMs: number,
): Candidate[] {
  const bySeries = Map.groupBy(told, spacingKey);
  const kept: Candidate[] = [];
  const inOrder = candidates.toSorted((a, b) => a.observedAt.getTime() - b.observedAt.getTime());
  for (const candidate of inOrder) {
    const key = spacingKey(candidate);
    const others = bySeries.get(key) ?? [];
    if (!isToTell(candidate, others, spacingMs)) continue;
    kept.push(candidate);
    const { detector, companyMeasurementId, itemKey, observedAt, facts } = candidate;
    const direction = facts.direction ?? null;
    bySeries.set(key, [...others, { detector, companyMeasurementId, itemKey, observedAt, direction }]);
  }
  return kept;
}

function isToTell({ observedAt, facts }: Candidate, others: readonly Told[], spacingMs: number): boolean {
  const at = observedAt.getTime();
  if (others.some((other) => other.observedAt.getTime() === at)) return false;
  if (facts.direction === undefined) return true;
  const near = others.filter((other) => Math.abs(other.observedAt.getTime() - at) < spacingMs);
  if (near.some(({ direction }) => direction === facts.direction)) return false;
  return facts.kind === "change" || near.length < 2;
}

function spacingKey(told: { detector: string; companyMeasurementId: number; itemKey: string }): string {
  return `${told.detector} ${told.companyMeasurementId} ${told.itemKey}`;
}

const toldRow = z
  .object({
    detector: z.string(),
    company_measurement_id: z.int(),
    item_key: z.string(),
    observed_at: z.date(),
    direction: z.string().nullable(),
  })
  .transform(
    (row): Told => ({
      detector: row.detector,
      companyMeasurementId: row.company_measurement_id,
      itemKey: row.item_key,
      observedAt: row.observed_at,
      direction: row.direction,
    }),
  );

// By the unique key of pipeline.finding.
const TOLD = prepared(`
  select finding.detector, finding.company_measurement_id, finding.item_key, finding.observed_at,
         finding.facts ->> 'direction' as direction
    from (
      select detector, company_measurement_id, item_key, min(observed_at) as first, max(observed_at) as last
        from unnest($1::text[], $2::int[], $3::text[], $4::timestamp(3)[])
          as candidate (detector, company_measurement_id, item_key, observed_at)
       group by 1, 2, 3
    ) candidate
    join pipeline.finding
      on finding.detector = candidate.detector
     and finding.company_measurement_id = candidate.company_measurement_id
     and finding.item_key = candidate.item_key
     and finding.observed_at between candidate.first - $5::interval and candidate.last + $5::interval`);

/** What was told near the candidates: of the same series, by the same rule or detector. */
export async function readTold(
  connection: Database,
  candidates: readonly Candidate[],
  spacingMs: number,
): Promise<Told[]> {
  if (candidates.length === 0) return [];
  return selectRows(connection, toldRow, TOLD, [
    candidates.map(({ detector }) => detector),
    candidates.map(({ companyMeasurementId }) => companyMeasurementId),
    candidates.map(({ itemKey }) => itemKey),
    candidates.map(({ observedAt }) => observedAt),
    `${spacingMs} milliseconds`,
  ]);
}
