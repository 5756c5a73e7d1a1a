import { z } from "zod";
import { type Task, taskId } from "../platform/taskQueue.ts";

/**
 * The payload of a `mineSource` task: one page of the companies of one attempt of a scheduled task, those with
 * ids above `after`.
 */
export const mineSourcePayload = z.object({
  taskId: z.number().int(),
  attempt: z.number().int(),
  after: z.number().int(),
});

export type MineSourcePayload = z.output<typeof mineSourcePayload>;

/** The task of a page. */
export function mineSourceTask(payload: MineSourcePayload): Task {
  return { id: taskId("page", payload.taskId, payload.attempt, payload.after), payload };
}
