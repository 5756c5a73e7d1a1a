import { z } from "zod";
import { type Database, selectRows } from "../../platform/postgres.ts";
import { byImportance, type Ranked } from "../finding/importance.ts";
import { formatDay } from "../words/numbers.ts";
import { type ChartSeries, SEVERITIES, type ToldFinding } from "./message.ts";

// What messages show of the facts, as far as they are there: one odd finding must not stop a message.
const facts = z
  .object({
    why: z.string(),
    item: z.string().optional().catch(undefined),
    unit: z.string().optional().catch(undefined),
    changePercent: z.number().nullish().catch(undefined),
    value: z.unknown().optional(),
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
  isOver: z.boolean(),
  shareAlike: z.number().nullable(),
});

/** A finding with the words of its news, and what it is about. */
export type FindingRow = z.output<typeof foundRow>;

// How common a measurement's news is reads at most so many of them and of its series.
const MAX_NEWS = 500;
const MAX_SERIES = 1000;
const FEW_COMPANIES = 5;

const select = (condition: string) => `
  with found as (
    select finding.id, news.company_id, company.name as company, finding.company_measurement_id, news.source_measurement_id as measurement_id,
           finding.item_key, finding.observed_at, finding.is_history, finding.severity, finding.facts,
           news.title, news.message, news.trigger_factor, source.source_name, measurement.measurement_name, news.created_at
      from pipeline.finding
      join news on news.id = finding.news_id
      join company on company.id = news.company_id
      join data_source source on source.id = news.data_source_id
      join source_measurement measurement on measurement.id = news.source_measurement_id
     where ${condition}
  ), measured as (
    select measurement_id, max(created_at) as at from found group by 1
  ), alike as (
    select measured.measurement_id, told.companies::float8 / greatest(known.companies, told.companies) as share
      from measured
      cross join lateral (
        select count(distinct company_id) as companies
          from (select company_id from news
                 where source_measurement_id = measured.measurement_id
                   and created_at > measured.at - interval '7 days' and created_at <= measured.at
                 order by created_at desc limit ${MAX_NEWS}) recent) told
      cross join lateral (
        select count(*) as companies
          from (select from company_source_measurement
                 where source_measurement_id = measured.measurement_id limit ${MAX_SERIES}) series) known
     where told.companies >= ${FEW_COMPANIES}
  )
  select found.*, alike.share as share_alike,
         exists (
           select from pipeline.finding later
            where later.company_measurement_id = found.company_measurement_id and later.item_key = found.item_key
              and later.observed_at > found.observed_at
              and later.facts ->> 'direction' in ('up', 'down') and found.facts ->> 'direction' in ('up', 'down')
              and later.facts ->> 'direction' <> found.facts ->> 'direction') as is_over
    from found
    left join alike using (measurement_id)`;

const OF_DELIVERY = select(
  "finding.id in (select finding_id from pipeline.delivery_finding where delivery_id = $1)",
);
const OF_PERIOD = select(
  `news.company_id = any($1::int[]) and news.created_at > $2
       and finding.observed_at > $2 and finding.observed_at <= $3`,
);

/** The findings that a delivery tells, the most important first. */
export async function findingsOfDelivery(db: Database, deliveryId: number): Promise<FindingRow[]> {
  return inOrder(await selectRows(db, foundRow, OF_DELIVERY, [deliveryId]));
}

/** The findings about what was observed at the companies in a period, the most important first. */
export async function findingsOfPeriod(
  db: Database,
  companyIds: readonly number[],
  { from, to }: { from: Date; to: Date },
): Promise<FindingRow[]> {
  return inOrder(await selectRows(db, foundRow, OF_PERIOD, [companyIds, from, to]));
}

/** For the order of findings, as {@link byImportance} takes them. */
function rankedOf(found: FindingRow): Ranked {
  return { ...found, changePercent: found.facts.changePercent };
}

function inOrder(found: readonly FindingRow[]): FindingRow[] {
  return found.toSorted((a, b) => byImportance(rankedOf(a), rankedOf(b)) || a.id - b.id);
}

// More of them are only a list of figures.
const MAX_ALSO = 5;

/** One finding of each series of numbers, the most important, which names the others by their figures and days. */
export function oneForEachSeries(found: readonly FindingRow[]): FindingRow[] {
  const bySeries = Map.groupBy(found, ({ id, companyMeasurementId, itemKey, facts }) =>
    typeof facts.value === "number" ? `${companyMeasurementId} ${itemKey}` : `finding ${id}`,
  );
  return [...bySeries.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    if (others.length === 0) return [first];
    const figures = others
      .slice(0, MAX_ALSO)
      .map(({ triggerFactor, observedAt }) => `${triggerFactor ?? "changed"} on ${formatDay(observedAt)}`);
    const more = others.length > MAX_ALSO ? ` and ${others.length - MAX_ALSO} more` : "";
    return [{ ...first, message: `${first.message} Also ${figures.join(", ")}${more}.` }];
  });
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
