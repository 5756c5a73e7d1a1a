import { z } from "zod";
import { type Task, taskId } from "../../platform/taskQueue.ts";

/** The payload of a `deliver` task: one delivery. */
export const deliverPayload = z.object({ deliveryId: z.int().positive() });

type DeliverPayload = z.output<typeof deliverPayload>;

// The queue's clock and ours differ by milliseconds; a task that comes too early has to come again.
const CLOCK_MARGIN_SECONDS = 1;

/** The task that sends a delivery once it is due. */
export function deliverTask(deliveryId: number, sendAfter: Date, now: Date): Task {
  const payload: DeliverPayload = { deliveryId };
  const wait = Math.ceil((sendAfter.getTime() - now.getTime()) / 1000);
  const delay = wait > 0 ? { scheduleDelaySeconds: wait + CLOCK_MARGIN_SECONDS } : {};
  return { id: taskId("deliver", deliveryId), payload, ...delay };
}
