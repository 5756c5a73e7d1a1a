import { z } from "zod";
import { type Task, taskId } from "../../platform/taskQueue.ts";

/** The payload of a `scoreComments` task: a raw document. */
export const scoreCommentsPayload = z.object({ rawDocumentId: z.string().min(1) });

/** A task for the queue `scoreComments`: scores the comments of a raw document. */
export function scoreCommentsTask(rawDocumentId: string): Task {
  const payload: z.output<typeof scoreCommentsPayload> = { rawDocumentId };
  return { id: taskId("score", rawDocumentId), payload };
}
