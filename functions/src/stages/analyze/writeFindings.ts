import { z } from "zod";
import { type Database, selectRows } from "../../platform/postgres.ts";
import type { Candidate } from "./candidate.ts";
import { newsText, partText } from "./newsText.ts";
import type { Entry } from "./oneEntry.ts";

const written = z.object({ findingId: z.coerce.number(), newsId: z.int() });

/** A finding and its news, as they were written. */
export type WrittenFinding = z.output<typeof written>;

// The news' ids are drawn first, since a row of news says nothing by which its finding could be told. What is there
// already, by the unique key of pipeline.finding, is left as it is: two that write about the same series never run at
// once, for the caller holds the lock on the company at the source.
const WRITE = `
  with draft as (
    select draft.*, nextval(pg_get_serial_sequence('public.news', 'id'))::int as news_id
      from unnest($1::text[], $2::int[], $3::text[], $4::timestamp(3)[], $5::text[], $6::jsonb[],
                  $7::text[], $8::text[], $9::text[], $10::int[])
        as draft (detector, company_measurement_id, item_key, observed_at, severity, facts,
                  title, message, trigger_factor, measurement_id)
     where not exists (
       select from pipeline.finding
        where finding.detector = draft.detector
          and finding.company_measurement_id = draft.company_measurement_id
          and finding.item_key = draft.item_key
          and finding.observed_at = draft.observed_at)
  ), item as (
    insert into news (id, title, message, trigger_factor, company_id, data_source_id, source_measurement_id,
                      "timestamp", created_at, modified_at)
    select news_id, title, message, trigger_factor, $11, $12, measurement_id, observed_at, $13, $13
      from draft
  )
  insert into pipeline.finding
    (news_id, detector, company_measurement_id, item_key, observed_at, severity, facts, is_history)
  select news_id, detector, company_measurement_id, item_key, observed_at, severity, facts, $14
    from draft
  returning id as finding_id, news_id`;

/** Writes findings with their news, and their parts. */
export async function writeFindings(
  connection: Database,
  entries: readonly Entry[],
  about: { companyId: number; company: string; sourceId: number; source: string },
  { isHistory, now }: { readonly isHistory: boolean; readonly now: Date },
): Promise<WrittenFinding[]> {
  if (entries.length === 0) return [];
  const candidates = entries.map(({ finding, parts }) => withParts(finding, parts));
  const texts = candidates.map((candidate) => newsText(candidate, about));
  const rows = await selectRows(connection, written, WRITE, [
    candidates.map(({ detector }) => detector),
    candidates.map(({ companyMeasurementId }) => companyMeasurementId),
    candidates.map(({ itemKey }) => itemKey),
    candidates.map(({ observedAt }) => observedAt),
    candidates.map(({ severity }) => severity),
    candidates.map(({ facts }) => JSON.stringify(facts)),
    texts.map(({ title }) => title),
    texts.map(({ message }) => message),
    texts.map(({ triggerFactor }) => triggerFactor),
    candidates.map(({ measurementId }) => measurementId),
    about.companyId,
    about.sourceId,
    now,
    isHistory,
  ]);
  await writeParts(connection, entries);
  return rows;
}

// Nobody reads more of them.
const MAX_PARTS = 20;

function withParts(finding: Candidate, parts: readonly Candidate[]): Candidate {
  return parts.length === 0
    ? finding
    : {
        ...finding,
        facts: { ...finding.facts, parts: parts.slice(0, MAX_PARTS).map(partText), partCount: parts.length },
      };
}

const WRITE_PARTS = `
  insert into pipeline.finding_part (detector, company_measurement_id, item_key, observed_at, direction, finding_id)
  select part.detector, part.company_measurement_id, part.item_key, part.observed_at, part.direction, finding.id
    from unnest($1::text[], $2::int[], $3::text[], $4::timestamp(3)[], $5::text[], $6::text[], $7::int[], $8::text[])
           as part (detector, company_measurement_id, item_key, observed_at, direction,
                    of_detector, of_measurement_id, of_item_key)
    join pipeline.finding
      on finding.detector = part.of_detector and finding.company_measurement_id = part.of_measurement_id
     and finding.item_key = part.of_item_key and finding.observed_at = part.observed_at
  on conflict do nothing`;

async function writeParts(connection: Database, entries: readonly Entry[]): Promise<void> {
  const rows = entries.flatMap(({ finding, parts }) => parts.map((part) => ({ finding, part })));
  if (rows.length === 0) return;
  await connection.query(WRITE_PARTS, [
    rows.map(({ part }) => part.detector),
    rows.map(({ part }) => part.companyMeasurementId),
    rows.map(({ part }) => part.itemKey),
    rows.map(({ part }) => part.observedAt),
    rows.map(({ part }) => part.facts.direction ?? null),
    rows.map(({ finding }) => finding.detector),
    rows.map(({ finding }) => finding.companyMeasurementId),
    rows.map(({ finding }) => finding.itemKey),
  ]);
}
