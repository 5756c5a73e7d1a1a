import { z } from "zod";
import { type Database, prepared, selectRows } from "../../platform/postgres.ts";
import type { Entry } from "./oneEntry.ts";

// Two documents of a company may be analyzed at once where they are of two sources: the second waits for the first.
const LOCK = "select pg_advisory_xact_lock(hashtextextended('pipeline.entries ' || $1::int, 0))";

// Compares what findings say, not when or by what they were found. By company_source_measurement_company_id_idx and
// finding_series_idx.
const ECHOES = prepared(`
  select distinct candidate.number::int
    from unnest($3::text[], $4::text[], $5::text[], $6::timestamp(3)[], $7::text[])
           with ordinality as candidate (name, parent_name, item_key, observed_at, facts, number)
    join company_source_measurement series on series.company_id = $1
    join source_measurement measurement
      on measurement.id = series.source_measurement_id and measurement.source_module_id <> $2
     and lower(measurement.measurement_name) = candidate.name
    left join source_measurement parent on parent.id = measurement.parent_measurement_id
    join pipeline.finding on finding.company_measurement_id = series.company_measurement_id
     and finding.item_key = candidate.item_key
     and finding.observed_at between candidate.observed_at - interval '7 days' and candidate.observed_at + interval '7 days'
   where lower(parent.measurement_name) is not distinct from candidate.parent_name
     and ${["value", "previous", "changed", "added", "removed", "addedCount", "removedCount"]
       .map((key) => `finding.facts -> '${key}' is not distinct from candidate.facts::jsonb -> '${key}'`)
       .join(" and ")}`);

const echoRow = z.object({ number: z.int() });

/**
 * The entries that no other source of the company has told: a module that is registered under two names tells
 * everything once, within a week. Two statements, where there are entries.
 */
export async function withoutEchoes(
  connection: Database,
  entries: readonly Entry[],
  { companyId, sourceId }: { readonly companyId: number; readonly sourceId: number },
): Promise<readonly Entry[]> {
  if (entries.length === 0) return entries;
  await connection.query(LOCK, [companyId]);
  const findings = entries.map(({ finding }) => finding);
  const rows = await selectRows(connection, echoRow, ECHOES, [
    companyId,
    sourceId,
    findings.map(({ measurement }) => measurement.name.toLowerCase()),
    findings.map(({ measurement }) => measurement.parent?.name.toLowerCase() ?? null),
    findings.map(({ itemKey }) => itemKey),
    findings.map(({ observedAt }) => observedAt),
    findings.map(({ facts }) => JSON.stringify(facts)),
  ]);
  const echoes = new Set(rows.map(({ number }) => number));
  return entries.filter((_, index) => !echoes.has(index + 1));
}
