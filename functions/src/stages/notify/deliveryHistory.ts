import { z } from "zod";
import { type Database, selectRows } from "../../platform/postgres.ts";

const historyRow = z
  .object({
    id: z.coerce.number(),
    kind: z.string(),
    state: z.string(),
    userName: z.string().nullable(),
    company: z.string().nullable(),
    channelType: z.string().nullable(),
    destination: z.string().nullable(),
    attempt: z.int(),
    createdAt: z.date(),
    sentAt: z.date().nullable(),
    providerId: z.string().nullable(),
    error: z.string().nullable(),
    titles: z.array(z.string().nullable()),
  })
  .transform(({ userName, channelType, attempt, createdAt, sentAt, providerId, ...row }) => ({
    ...row,
    user: userName,
    channel: channelType ?? "OPERATORS",
    attempts: attempt,
    createdAt,
    sentAt,
    providerId,
  }));

/** A delivery as an operator reads it: what, to whom, where, and what became of it. */
export type PastDelivery = z.output<typeof historyRow>;

/** What to look for; everything where nothing is said. */
export interface HistoryFilter {
  readonly companyId?: number | undefined;
  readonly userId?: number | undefined;
  readonly limit: number;
}

/** What was sent where, and with which result; the newest first. */
export function deliveryHistory(
  db: Database,
  { companyId, userId, limit }: HistoryFilter,
): Promise<PastDelivery[]> {
  return selectRows(db, historyRow, HISTORY, [companyId ?? null, userId ?? null, limit]);
}

const HISTORY = `
  select delivery.id, delivery.kind::text, delivery.state::text, "user".name as user_name, company.name as company,
         channel.channel_type::text, channel.destination, delivery.attempt, delivery.created_at, delivery.sent_at,
         delivery.provider_id, delivery.error,
         array(
           select news.title from pipeline.delivery_finding told
             join pipeline.finding on finding.id = told.finding_id
             join news on news.id = finding.news_id
            where told.delivery_id = delivery.id order by finding.id
         ) as titles
    from pipeline.delivery
    left join notification_channel channel on channel.id = delivery.channel_id
    left join "user" on "user".id = delivery.user_id
    left join company on company.id = delivery.company_id
   where ($1::int is null or delivery.company_id = $1) and ($2::int is null or delivery.user_id = $2)
   order by delivery.created_at desc, delivery.id desc limit $3`;
