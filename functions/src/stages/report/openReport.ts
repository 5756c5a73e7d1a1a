import { z } from "zod";
import type { SendReportPayload } from "../../domain/message/sendReportTask.ts";
import { USER_CHANNELS } from "../../domain/message/userChannels.ts";
import { type Database, selectRow } from "../../platform/postgres.ts";

const reportRow = z.object({
  userName: z.string(),
  periodTo: z.date(),
  /** The end of the previous week's report; null if there was none. */
  toldUntil: z.date().nullable(),
  pageBlob: z.string().nullable(),
  /** The ones still to be sent. */
  deliveries: z.array(z.coerce.number()),
});

/** A user's weekly report, and what is left to do for it. */
export type OpenReport = z.output<typeof reportRow>;

/**
 * Opens a user's report of a week, with a delivery for each of the user's addresses, or finds it opened: one that
 * is added later gets the next one.
 */
export async function openReport(
  db: Database,
  { userId, week }: SendReportPayload,
  now: Date,
): Promise<OpenReport | undefined> {
  await openReports(db, { userIds: [userId], week }, now);
  return selectRow(db, reportRow, REPORT, [userId, week]);
}

/** Opens the reports of users of a week: what the sweeper finds where their tasks get lost. Again, it changes nothing. */
export async function openReports(
  db: Database,
  { userIds, week }: { userIds: readonly number[]; week: string },
  now: Date,
): Promise<void> {
  await db.query(OPEN, [userIds, week, now]);
}

const OPEN = `
  with run as (
    insert into pipeline.report_run (user_id, week, period_to, created_at)
    select id, $2, $3, $3 from "user"
     where id = any ($1::int[]) and not pipeline.is_erased('USER', id) order by id
    on conflict (user_id, week) do nothing
    returning user_id, week
  )
  insert into pipeline.delivery (kind, user_id, channel_id, week, send_after, created_at)
  select 'REPORT', run.user_id, channel.channel_id, run.week, $3, $3
    from run join ${USER_CHANNELS} channel on channel.user_id = run.user_id
   order by run.user_id, channel.channel_id
  on conflict do nothing`;

// By the key of report_run.
const REPORT = `
  select "user".name as user_name, run.period_to, run.page_blob,
         (select before.period_to from pipeline.report_run before
           where before.user_id = run.user_id and before.week = run.week - 7) as told_until,
         array(
           select id from pipeline.delivery
            where kind = 'REPORT' and user_id = run.user_id and week = run.week and state in ('PENDING', 'SENDING')
            order by id
         ) as deliveries
    from pipeline.report_run run
    join "user" on "user".id = run.user_id
   where run.user_id = $1 and run.week = $2`;
