import { z } from "zod";
import { sendReportTask } from "../../../functions/src/domain/message/sendReportTask.ts";
import { selectRow } from "../../../functions/src/platform/postgres.ts";
import { UserError } from "../../userError.ts";
import { type Asking, resultOf } from "./functionResult.ts";

const reportRow = z.object({ pageBlob: z.string() });

const REPORT = `
  select page_blob from pipeline.report_run run
   where user_id = $1 and week = $2 and page_blob is not null
     and not exists (
       select from pipeline.delivery
        where kind = 'REPORT' and user_id = run.user_id and week = run.week
          and state in ('PENDING', 'SENDING'))`;

/**
 * Asks the function `sendReport` to send a user's report for a week, unless it was already sent, and waits until
 * every channel has a result.
 *
 * @returns the page's path in the blob store
 */
export async function askForReport(
  { db, enqueue, patienceMs }: Asking,
  report: { userId: number; week: string },
): Promise<string> {
  await enqueue("sendReport", [sendReportTask(report)]);
  const done = await resultOf(
    () => selectRow(db, reportRow, REPORT, [report.userId, report.week]),
    patienceMs,
  );
  if (done !== undefined) return done.pageBlob;
  throw new UserError(
    "There is no report yet: the user follows no company, or a channel will be retried later (scripts/dev deliveries).",
  );
}
