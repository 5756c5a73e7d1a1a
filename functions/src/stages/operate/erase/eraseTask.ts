import { z } from "zod";
import { type Task, taskId } from "../../../platform/taskQueue.ts";

/** The payload of an `erase` task. */
export const erasePayload = z.object({ erasureId: z.int().positive() });

/** A task for the queue `erase`: goes on with an erasure. Each has an id of its own, by when it is enqueued. */
export function eraseTask(erasureId: number, now: Date): Task {
  const payload: z.output<typeof erasePayload> = { erasureId };
  return { id: taskId("erase", erasureId, now.getTime()), payload, dispatchDeadlineSeconds: 1800 };
}
