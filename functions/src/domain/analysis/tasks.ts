import { z } from "zod";
import { type Task, taskId } from "../../platform/taskQueue.ts";

/** The payload of a `scoreComments` task: a raw document. */
export const scoreCommentsPayload = z.object({ rawDocumentId: z.string().min(1) });

/** A task for the queue `scoreComments`: scores the comments of a raw document. */
export function scoreCommentsTask(rawDocumentId: string): Task {
  const payload: z.output<typeof scoreCommentsPayload> = { rawDocumentId };
  return { id: taskId("score", rawDocumentId), payload };
}

/** The payload of an `analyzeAgain` task: a normalized raw document. */
export const analyzeAgainPayload = z.object({ rawDocumentId: z.string().min(1) });

/** The task that analyzes a raw document whose event got lost; in the same round, it is the same. */
export function analyzeAgainTask({ id }: { id: string }, round: number): Task {
  const payload: z.output<typeof analyzeAgainPayload> = { rawDocumentId: id };
  return { id: taskId("analyze", id, round), payload };
}

/** The payload of an `improveNews` task: a news item. */
export const improveNewsPayload = z.object({ newsId: z.int() });

/** A task for the queue `improveNews`: puts a news item in better words. */
export function improveNewsTask(newsId: number): Task {
  const payload: z.output<typeof improveNewsPayload> = { newsId };
  return { id: taskId("improve", newsId), payload };
}
