import { z } from "zod";
import { USER_CHANNELS } from "../../domain/message/userChannels.ts";
import { type Database, selectRows } from "../../platform/postgres.ts";

const recipientRow = z
  .object({
    userId: z.int(),
    userName: z.string(),
    channelId: z.int(),
    channelType: z.string(),
    destination: z.string(),
    channelPurpose: z.string(),
    isMuted: z.boolean(),
    isPaused: z.boolean(),
    isCurrent: z.boolean(),
    lastError: z.string().nullable(),
  })
  .transform((row) => ({
    userId: row.userId,
    user: row.userName,
    channelId: row.channelId,
    channel: row.channelType,
    destination: row.destination,
    purpose: row.channelPurpose,
    gets: verdict(row),
    lastError: row.lastError,
  }));

function verdict({
  isMuted,
  isPaused,
  isCurrent,
}: {
  isMuted: boolean;
  isPaused: boolean;
  isCurrent: boolean;
}): string {
  if (!isCurrent) return "nothing: a newer channel of the user has the same address";
  if (isPaused) return "nothing: the channel is paused";
  return isMuted ? "weekly reports only: the user muted the company" : "alerts and weekly reports";
}

/** A channel of a user who follows a company, and what it gets. */
export type PossibleRecipient = z.output<typeof recipientRow>;

/** Who would get what about a company now. */
export function previewDeliveries(db: Database, companyId: number, now: Date): Promise<PossibleRecipient[]> {
  return selectRows(db, recipientRow, PREVIEW, [companyId, now]);
}

const PREVIEW = `
  select company_subscription.user_id, "user".name as user_name, channel.id as channel_id,
         channel.channel_type::text, channel.destination, subscription.channel_purpose::text,
         mute.user_id is not null as is_muted, pause.channel_id is not null as is_paused, status.last_error,
         exists (
           select from ${USER_CHANNELS} current
            where current.user_id = company_subscription.user_id and current.channel_id = channel.id
         ) as is_current
    from company_subscription
    join "user" on "user".id = company_subscription.user_id
    join notification_subscription subscription on subscription.user_id = company_subscription.user_id
    join notification_channel channel on channel.id = subscription.channel_id
    left join pipeline.mute on mute.user_id = company_subscription.user_id
          and mute.company_id = company_subscription.company_id and (mute.until is null or mute.until > $2)
    left join pipeline.channel_pause pause on pause.channel_id = channel.id
          and (pause.until is null or pause.until > $2)
    left join pipeline.channel_status status on status.channel_id = channel.id
   where company_subscription.company_id = $1
   order by company_subscription.user_id, channel.id`;

const companyRow = z.object({ id: z.int(), name: z.string() });

/** The companies that an operator may mean: the one of that id, or those of that name. */
export function companiesNamed(db: Database, idOrName: string) {
  return selectRows(db, companyRow, COMPANIES, [/^\d{1,9}$/.test(idOrName) ? Number(idOrName) : 0, idOrName]);
}

const COMPANIES = `
  select id, name from company where id = $1 or lower(name) = lower($2) order by id`;
