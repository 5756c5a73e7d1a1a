import { z } from "zod";
import { type Database, selectRows } from "../../platform/postgres.ts";
import type { Candidate } from "./candidate.ts";
import { newsText } from "./newsText.ts";

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
    (news_id, detector, company_measurement_id, item_key, observed_at, severity, facts)
  select news_id, detector, company_measurement_id, item_key, observed_at, severity, facts
    from draft
  returning id as finding_id, news_id`;

/** Writes findings with their news, in one statement. */
export async function writeFindings(
  connection: Database,
  candidates: readonly Candidate[],
  about: { companyId: number; company: string; sourceId: number; source: string },
  now: Date,
): Promise<WrittenFinding[]> {
  if (candidates.length === 0) return [];
  const texts = candidates.map((candidate) => newsText(candidate, about));
  return selectRows(connection, written, WRITE, [
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
  ]);
}
