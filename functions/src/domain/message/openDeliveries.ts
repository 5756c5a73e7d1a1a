import { z } from "zod";
import { notifyWindowConfig } from "../../platform/config.ts";
import { type Database, prepared, selectRows } from "../../platform/postgres.ts";
import type { Task } from "../../platform/taskQueue.ts";
import { deliverTask } from "./deliverTask.ts";
import { USER_CHANNELS } from "./userChannels.ts";

/** New findings of one company, by their ids as Postgres gives them. */
export interface NewFindings {
  readonly companyId: number;
  readonly findingIds: readonly (number | string)[];
  /** The run of a source that they came of, for the log. */
  readonly correlation?: string | undefined;
  /** They are of an observation that came long after it was made. */
  readonly isHistory?: boolean;
  readonly now: Date;
}

const openedRow = z.object({ id: z.coerce.number(), sendAfter: z.date() });

/**
 * Opens the deliveries of new findings: one for each address of each user who follows the company, or the one that
 * waits for more of that company. To be called in the transaction that writes the findings, in one statement
 * whatever their number; calling it again changes nothing.
 *
 * History waits until no more of it comes, and is told in one summary; what is live does not wait for it.
 *
 * Channels of both purposes get alerts: the web application registers all of them for reports, and promises
 * notifications too.
 *
 * @returns the tasks for the queue `deliver`, to be enqueued once the transaction is committed. A task that gets
 *   lost is enqueued again by the sweeper.
 */
export async function openDeliveries(
  connection: Database,
  { companyId, findingIds, correlation, isHistory = false, now }: NewFindings,
  windowSeconds = isHistory
    ? notifyWindowConfig().HISTORY_QUIET_SECONDS
    : notifyWindowConfig().NOTIFY_WINDOW_SECONDS,
): Promise<Task[]> {
  if (findingIds.length === 0) return [];
  const sendAfter = new Date(now.getTime() + windowSeconds * 1000);
  const opened = await selectRows(connection, openedRow, OPEN, [
    companyId,
    findingIds,
    now,
    sendAfter,
    correlation,
    !isHistory,
  ]);
  return opened.map(({ id, sendAfter }) => deliverTask(id, sendAfter, now));
}

// An alert that waits is found, and locked, by the conflict in delivery_joinable_key: whoever sends it waits until
// its new findings are committed, or has closed it and a new one is opened. In a fixed order, so that two of these
// at once do not lock each other out.
const OPEN = prepared(`
  with wanted as (
    select company_subscription.user_id, channel.channel_id, finding.id as finding_id
      from company_subscription
      join ${USER_CHANNELS} channel on channel.user_id = company_subscription.user_id
     cross join unnest($2::bigint[]) as finding (id)
     where company_subscription.company_id = $1
       and not exists (
         select from pipeline.mute
          where mute.user_id = company_subscription.user_id and mute.company_id = $1
            and (mute.until is null or mute.until > $3))
       and not exists (
         select from pipeline.channel_pause pause
          where pause.channel_id = channel.channel_id and (pause.until is null or pause.until > $3))
       and not exists (
         select from pipeline.delivery_finding told
          where told.finding_id = finding.id and told.user_id = company_subscription.user_id
            and told.channel_id = channel.channel_id)
  ), opened as (
    insert into pipeline.delivery as delivery
      (kind, user_id, channel_id, company_id, send_after, created_at, correlation, is_live)
    select distinct 'ALERT'::pipeline.message_kind, user_id, channel_id, $1::int, $4::timestamp, $3::timestamp, $5::text,
           $6::boolean
      from wanted order by user_id, channel_id
    on conflict (user_id, channel_id, company_id) where kind = 'ALERT' and state = 'PENDING' and attempt = 0
      do update set is_live = delivery.is_live or excluded.is_live,
                    send_after = case
                      when delivery.is_live then delivery.send_after
                      when excluded.is_live then excluded.send_after
                      else greatest(delivery.send_after, excluded.send_after) end
    returning id, user_id, channel_id, send_after
  ), told as (
    insert into pipeline.delivery_finding (finding_id, user_id, channel_id, delivery_id)
    select wanted.finding_id, wanted.user_id, wanted.channel_id, opened.id
      from wanted join opened using (user_id, channel_id)
    on conflict do nothing
  )
  select id, send_after from opened order by id`);
