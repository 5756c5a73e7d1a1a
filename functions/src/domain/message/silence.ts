import { z } from "zod";
import { type Database, selectRow } from "../../platform/postgres.ts";

const silenceRow = z.object({ reason: z.string().nullable() });

/** Who a message goes to, and the company that it is about where it is about one. */
export interface Recipient {
  readonly userId: number | null;
  readonly channelId: number | null;
  readonly companyId: number | null;
}

/** Why a message must not go out any more, or undefined where it may: users change their mind while it waits. */
export async function silenceReason(
  db: Database,
  { userId, channelId, companyId }: Recipient,
  now: Date,
): Promise<string | undefined> {
  const row = await selectRow(db, silenceRow, SILENCE, [userId, channelId, companyId, now]);
  return row?.reason ?? undefined;
}

const SILENCE = `
  select case
    when not exists (
      select from notification_subscription where user_id = $1::int and channel_id = $2::int)
      then 'The channel is no longer the user''s.'
    when exists (
      select from pipeline.channel_pause
       where channel_id = $2::int and (until is null or until > $4::timestamp))
      then 'The channel is paused.'
    when $3::int is not null and not exists (
      select from company_subscription where user_id = $1::int and company_id = $3::int)
      then 'The user no longer follows the company.'
    when exists (
      select from pipeline.mute
       where user_id = $1::int and company_id = $3::int and (until is null or until > $4::timestamp))
      then 'The user muted the company.'
  end as reason`;
