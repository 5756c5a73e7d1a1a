import { askForReport } from "./messages/askForReport.ts";
import { usePipeline } from "./pipeline.ts";

/** `report`: has a user's report of this week made and sent, unless that was done. */
export async function report(userId: number, { json }: { json: boolean }): Promise<void> {
  await usePipeline();
  const { database } = await import("../../functions/src/platform/postgres.ts");
  const { enqueueTasks } = await import("../../functions/src/platform/taskQueue.ts");
  const { weekOf } = await import("../../functions/src/stages/report/week.ts");
  const which = { userId, week: weekOf(new Date()) };
  const page = await askForReport({ db: await database(), enqueue: enqueueTasks }, which);
  if (json) console.log(JSON.stringify({ ...which, page }));
  else console.log(`The report of the week of ${which.week} is sent. In the blob store: ${page}`);
}
