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
  const alerts = overdue.filter(({ kind }) => kind === "ALERT");
  await enqueue(
    "deliver",
    alerts.map(({ id }) => ({
      id: taskId("deliver", id, "again", round),
      payload: deliverPayload.parse({ deliveryId: id }),
    })),
  );
  const reports = new Map(
    overdue.flatMap(({ kind, user_id, week }) =>
      kind === "REPORT" && user_id !== null && week !== null
        ? [[`${user_id} ${week}`, { userId: user_id, week }] as const]
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
