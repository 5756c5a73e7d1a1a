import { z } from "zod";
import { type Task, taskId } from "../../platform/taskQueue.ts";

/**
 * How a call ended. A mining call is one company of one scheduled task. It WAITs for a place in flight, is ENQUEUED,
 * RUNs, and ends SUCCEEDED, FAILED, or SKIPPED where the day's quota was used up; a try that may pass later goes back
 * to ENQUEUED. A succeeded one may carry an error that the module reported beside its data.
 */
export interface CallResult {
  /** null for the one call of a source that names its companies itself. */
  readonly companyId: number | null;
  readonly state: "SUCCEEDED" | "FAILED" | "SKIPPED";
  readonly errorType?: string | undefined;
  readonly errorText?: string | undefined;
  /** It failed because of its source, and so would any other company's; a module that reports is not down. */
  readonly isSourceFault?: boolean;
}

/** The payload of a `mineCompany` task. `attempt` is the scheduled task's: an older one's tasks do nothing. */
export const mineCompanyPayload = z.object({
  taskId: z.number().int(),
  attempt: z.number().int(),
  companyId: z.number().int().nullable(),
});

export type MineCompanyPayload = z.output<typeof mineCompanyPayload>;

// Cloud Tasks takes dispatch deadlines from 15 s to 30 min; a little more than the call itself may take.
const DEADLINE_SECONDS = { least: 15, most: 1800, margin: 30 };

/** The task of a mining call. */
export function mineCompanyTask(payload: MineCompanyPayload, maxRunSeconds: number): Task {
  const deadline = maxRunSeconds + DEADLINE_SECONDS.margin;
  return {
    id: taskId("call", payload.taskId, payload.attempt, payload.companyId ?? "all"),
    payload,
    dispatchDeadlineSeconds: Math.min(Math.max(deadline, DEADLINE_SECONDS.least), DEADLINE_SECONDS.most),
  };
}
