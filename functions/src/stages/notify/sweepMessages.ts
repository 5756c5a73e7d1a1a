import { deliverPayload } from "../../domain/message/deliverTask.ts";
import { sendReportTask } from "../../domain/message/sendReportTask.ts";
import { sweepDeliveries } from "../../domain/message/sweepDeliveries.ts";
import type { Patience } from "../../domain/upkeep/upkeep.ts";
import type { Database } from "../../platform/postgres.ts";
import { type EnqueueTasks, taskId } from "../../platform/taskQueue.ts";

/** Gives what is overdue a task again: of another id each time, because a queue remembers the ids that it had. */
export async function sweepMessages(
  { db, enqueue }: { db: Database; enqueue: EnqueueTasks },
  { now, factor }: Patience,
): Promise<{ deliveriesAgain: number }> {
  const overdue = await sweepDeliveries(db, now, factor);
  const round = now.getTime();
  const single = overdue.filter(({ kind }) => kind === "ALERT" || kind === "NOTICE");
  await enqueue(
    "deliver",
    single.map(({ id }) => ({
      id: taskId("deliver", id, "again", round),
      payload: deliverPayload.parse({ deliveryId: id }),
    })),
  );
  const reports = new Map(
    overdue.flatMap(({ kind, userId, week }) =>
      kind === "REPORT" && userId !== null && week !== null
        ? [[`${userId} ${week}`, { userId, week }] as const]
        : [],
    ),
  );
  await enqueue(
    "sendReport",
    [...reports.values()].map((report) => {
      const task = sendReportTask(report);
      return { ...task, id: `${task.id}-again-${round}` };
    }),
  );
  return { deliveriesAgain: overdue.length };
}
