import { z } from "zod";
import { type Database, selectRows } from "../../platform/postgres.ts";
import { byImportance } from "../finding/importance.ts";
import { type ChartSeries, SEVERITIES, type ToldFinding } from "./message.ts";

// What messages show of the facts, as far as they are there: one odd finding must not stop a message.
const facts = z
  .object({
    why: z.string(),
    item: z.string().optional().catch(undefined),
    unit: z.string().optional().catch(undefined),
    changePercent: z.number().nullish().catch(undefined),
    expected: z.object({ low: z.number(), high: z.number() }).optional().catch(undefined),
  })
  .catch({ why: "A rule or a detector found it." });

const foundRow = z.object({
  id: z.coerce.number(),
  companyId: z.int(),
  company: z.string(),
  companyMeasurementId: z.int(),
  measurementId: z.int(),
  itemKey: z.string(),
  observedAt: z.date(),
  isHistory: z.boolean(),
  severity: z.string().toLowerCase().pipe(z.enum(SEVERITIES)).catch("low"),
  facts,
  title: z.string().nullable(),
  message: z.string(),
  triggerFactor: z.string().nullable(),
  sourceName: z.string(),
  measurementName: z.string(),
});

/** A finding with the words of its news, and what it is about. */
export type FindingRow = z.output<typeof foundRow>;

const SELECT = `
  select finding.id, news.company_id, company.name as company, finding.company_measurement_id, news.source_measurement_id as measurement_id,
         finding.item_key, finding.observed_at, finding.is_history, finding.severity, finding.facts,
         news.title, news.message, news.trigger_factor, source.source_name, measurement.measurement_name
    from pipeline.finding
    join news on news.id = finding.news_id
    join company on company.id = news.company_id
    join data_source source on source.id = news.data_source_id
    join source_measurement measurement on measurement.id = news.source_measurement_id`;

/** The findings that a delivery tells, the most important first. */
export async function findingsOfDelivery(db: Database, deliveryId: number): Promise<FindingRow[]> {
  const text = `${SELECT}
   where finding.id in (select finding_id from pipeline.delivery_finding where delivery_id = $1)`;
  return inOrder(await selectRows(db, foundRow, text, [deliveryId]));
}

/** The findings about what was observed at the companies in a period, the most important first. */
export async function findingsOfPeriod(
  db: Database,
  companyIds: readonly number[],
  { from, to }: { from: Date; to: Date },
): Promise<FindingRow[]> {
  const text = `${SELECT}
   where news.company_id = any($1::int[]) and news.created_at > $2
     and finding.observed_at > $2 and finding.observed_at <= $3`;
  return inOrder(await selectRows(db, foundRow, text, [companyIds, from, to]));
}

function inOrder(found: readonly FindingRow[]): FindingRow[] {
  const ranked = found.map((one) => ({ ...one, changePercent: one.facts.changePercent }));
  return ranked.toSorted((a, b) => byImportance(a, b) || a.id - b.id);
}

/** A finding as messages have it. */
export function findingOf(found: FindingRow, points: ChartSeries["points"] = []): ToldFinding {
  const { facts, observedAt, triggerFactor, sourceName, measurementName } = found;
  const unit = facts.unit === undefined ? {} : { unit: facts.unit };
  return {
    title: headline(found.title ?? measurementName, found.company, triggerFactor),
    message: found.message,
    triggerFactor,
    severity: found.severity,
    why: facts.why,
    observedAt,
    sourceName,
    measurementName,
    ...(points.length > 0 ? { series: { points, ...unit } } : {}),
    ...(facts.expected === undefined ? {} : { expected: facts.expected }),
  };
}

/**
 * A title without what stands beside it in every message: "Personio: stars +38%" is "Stars" under the company's name
 * and next to the figure. A title may have the company's name cut short.
 */
export function headline(title: string, company: string, figure: string | null): string {
  const full = `${company}: `;
  const named = title.startsWith(full) ? full : (/^.*?…: /.exec(title)?.[0] ?? "");
  const isCompany = company.startsWith(named.replace(/(…)?: $/, ""));
  const what = isCompany ? title.slice(named.length) : title;
  const bare =
    figure !== null && what.endsWith(` ${figure}`) ? what.slice(0, -figure.length).trimEnd() : what;
  if (bare === "") return title;
  return bare.replace(/^\p{Ll}+(?=\s|$)/u, (word) => word.charAt(0).toUpperCase() + word.slice(1));
}
