import { z } from "zod";
import { type Task, taskId } from "../../platform/taskQueue.ts";

/** The payload of a `normalizeAgain` task: a raw document, by its path in Firestore. */
export const normalizeAgainPayload = z.object({
  path: z.string().regex(/^parma\/mining\/datasource\/[^/]+\/raw_data\/[^/]+$/),
});

/** The task that normalizes a raw document again; in the same round, it is the same. */
export function normalizeAgainTask({ id, path }: { id: string; path: string }, round: number): Task {
  const payload: z.output<typeof normalizeAgainPayload> = { path };
  return { id: taskId("normalize", id, round), payload };
}
