import { askForReport } from "./messages/askForReport.ts";
import { usePipeline } from "./pipeline.ts";

/** `report`: sends a user's report for this week, unless it was already sent. */
export async function report(userId: number, { json }: { json: boolean }): Promise<void> {
  await usePipeline();
  const { database } = await import("../../functions/src/platform/postgres.ts");
  const { enqueueTasks } = await import("../../functions/src/platform/taskQueue.ts");
  const { weekOf } = await import("../../functions/src/stages/report/week.ts");
  const which = { userId, week: weekOf(new Date()) };
  const page = await askForReport({ db: await database(), enqueue: enqueueTasks }, which);
  if (json) console.log(JSON.stringify({ ...which, page }));
  else console.log(`Sent the report for the week of ${which.week}. Its page in the blob store: ${page}`);
}
