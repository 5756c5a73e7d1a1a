import { z } from "zod";
import { type Task, taskId } from "../../platform/taskQueue.ts";

/** The payload of a `sendReport` task: one user's report, sent in the week that begins on that Monday. */
export const sendReportPayload = z.object({ userId: z.int().positive(), week: z.iso.date() });

export type SendReportPayload = z.output<typeof sendReportPayload>;

/** The task of a user's report: one a week, however often it is enqueued. */
export function sendReportTask(payload: SendReportPayload): Task {
  return { id: taskId("report", payload.userId, payload.week), payload };
}
