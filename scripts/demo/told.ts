import { z } from "zod";
import { SEVERITIES } from "../../functions/src/domain/message/message.ts";
import { type Database, selectRows } from "../../functions/src/platform/postgres.ts";

const newsRow = z.object({
  company: z.string(),
  measurement: z.string(),
  observedAt: z.date(),
  severity: z.enum(SEVERITIES),
  title: z.string(),
});

/** A news item of the demo. */
export type DemoNews = z.output<typeof newsRow>;

// Within a severity, the largest change first.
const NEWS = `
  select company.name as company, measurement.measurement_name as measurement, finding.observed_at as "observedAt",
         finding.severity, coalesce(news.title, news.message) as title
    from pipeline.finding
    join news on news.id = finding.news_id
    join company on company.id = news.company_id
    join source_measurement measurement on measurement.id = news.source_measurement_id
   order by array_position($1::text[], finding.severity),
            abs((finding.facts ->> 'changePercent')::float) desc nulls last, finding.observed_at, company.name`;

/** The news, the most important first. */
export function readNews(db: Database): Promise<DemoNews[]> {
  return selectRows(db, newsRow, NEWS, [SEVERITIES]);
}

const deliveryRow = z.object({
  channel: z.enum(["EMAIL", "SLACK"]),
  state: z.string(),
  deliveries: z.number(),
});

const DELIVERIES = `
  select channel.channel_type as channel, delivery.state::text, count(*)::int as deliveries
    from pipeline.delivery
    join notification_channel channel on channel.id = delivery.channel_id
   group by 1, 2
   order by 1, 2`;

/** Deliveries by channel type and state. */
export type DeliveryCounts = Readonly<Record<"EMAIL" | "SLACK", Readonly<Record<string, number>>>>;

/** Lists channels with undelivered messages. The demo's channels accept everything. */
export function undelivered(counts: DeliveryCounts): string[] {
  return Object.entries(counts).flatMap(([channel, { SENT: sent = 0, ...others }]) => {
    const failed = Object.entries(others).map(([state, count]) => `${channel}: ${count} ${state}`);
    return sent > 0 ? failed : [`${channel}: nothing arrived`, ...failed];
  });
}

/** Counts the deliveries, alerts and reports. */
export async function countDeliveries(db: Database): Promise<DeliveryCounts> {
  const rows = await selectRows(db, deliveryRow, DELIVERIES);
  const of = (type: string) =>
    Object.fromEntries(
      rows.filter(({ channel }) => channel === type).map(({ state, deliveries }) => [state, deliveries]),
    );
  return { EMAIL: of("EMAIL"), SLACK: of("SLACK") };
}
