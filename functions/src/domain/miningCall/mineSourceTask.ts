import { z } from "zod";
import { type Task, taskId } from "../../platform/taskQueue.ts";

/**
 * The payload of a `mineSource` task: one page of the companies of one attempt of a scheduled task, those with
 * ids above `after`. Without a page (null) it only gives places to calls that wait.
 */
export const mineSourcePayload = z.object({
  taskId: z.number().int(),
  attempt: z.number().int(),
  after: z.number().int().nullable(),
});

export type MineSourcePayload = z.output<typeof mineSourcePayload>;

interface Page extends MineSourcePayload {
  readonly after: number;
}

/** The task of a page. */
export function mineSourceTask(payload: Page): Task {
  return { id: taskId("page", payload.taskId, payload.attempt, payload.after), payload };
}

const MINUTE = 60_000;

/** A task that gives places to calls that wait; asked for again in the same minute, it is the same. */
export function releaseTask({ taskId: id, attempt }: { taskId: number; attempt: number }, now: Date): Task {
  const minute = Math.floor(now.getTime() / MINUTE);
  return { id: taskId("release", id, attempt, minute), payload: { taskId: id, attempt, after: null } };
}
