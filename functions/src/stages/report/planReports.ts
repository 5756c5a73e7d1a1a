import { z } from "zod";
import { sendReportTask } from "../../domain/message/sendReportTask.ts";
import { type Database, selectRows } from "../../platform/postgres.ts";
import type { EnqueueTasks } from "../../platform/taskQueue.ts";
import { openReports } from "./openReport.ts";
import { weekOf } from "./week.ts";

const userRow = z.object({ userId: z.int() });

/** What planning takes. */
export interface PlanContext {
  readonly db: Database;
  readonly enqueue: EnqueueTasks;
  readonly now: Date;
}

/** Enqueues a report for each user who follows companies and has a channel. A second run in a week changes nothing. */
export async function planReports({
  db,
  enqueue,
  now,
}: PlanContext): Promise<{ week: string; users: number }> {
  const week = weekOf(now);
  const userIds = (await selectRows(db, userRow, USERS)).map(({ userId }) => userId);
  await openReports(db, { userIds, week }, now);
  await enqueue(
    "sendReport",
    userIds.map((userId) => sendReportTask({ userId, week })),
  );
  return { week, users: userIds.length };
}

const USERS = `
  select distinct user_id
    from company_subscription
   where exists (
     select from notification_subscription channel where channel.user_id = company_subscription.user_id)
   order by user_id`;
