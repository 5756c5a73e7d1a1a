import { z } from "zod";
import { type Task, taskId } from "../../platform/taskQueue.ts";

/** The payload of an `analyzeAgain` task: a normalized raw document. */
export const analyzeAgainPayload = z.object({ rawDocumentId: z.string().min(1) });

/** The task that analyzes a raw document whose event got lost; in the same round, it is the same. */
export function analyzeAgainTask({ id }: { id: string }, round: number): Task {
  const payload: z.output<typeof analyzeAgainPayload> = { rawDocumentId: id };
  return { id: taskId("analyze", id, round), payload };
}
