import { z } from "zod";
import { type Task, taskId } from "../../../platform/taskQueue.ts";

/** The payload of an `improveNews` task: a news item. */
export const improveNewsPayload = z.object({ newsId: z.int() });

/** A task for the queue `improveNews`: puts a news item in better words. */
export function improveNewsTask(newsId: number): Task {
  const payload: z.output<typeof improveNewsPayload> = { newsId };
  return { id: taskId("improve", newsId), payload };
}
