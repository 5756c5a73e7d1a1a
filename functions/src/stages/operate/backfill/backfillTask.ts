import { z } from "zod";
import { type Task, taskId } from "../../../platform/taskQueue.ts";

/** The payload of a `processAgain` task: the raw documents of one company, from where it has come to. */
export const processAgainPayload = z.object({ backfillId: z.int(), companyId: z.int() });

export type ProcessAgainPayload = z.output<typeof processAgainPayload>;

/** The task that goes on with a company; in the same round, it is the same. */
export function processAgainTask(payload: ProcessAgainPayload, round: number): Task {
  return { id: taskId("process", payload.backfillId, payload.companyId, round), payload };
}
