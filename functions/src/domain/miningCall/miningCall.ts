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

/** The reason of a call whose process died (error_type ProcessDied): out of memory, or ended from outside. */
export const PROCESS_DIED = "The process died while the module was called";

/** The queue of a call: one that runs alone has a process to itself, the others share theirs. */
export function callQueue({ alone }: { readonly alone: boolean }) {
  return alone ? "mineCompanyAlone" : "mineCompany";
}

// A little more than the call itself may take.
const DEADLINE_MARGIN_SECONDS = 30;

/**
 * The task of a mining call.
 *
 * @param runSeconds how long the call may run, within RUN_SECONDS of the state model
 */
export function mineCompanyTask(payload: MineCompanyPayload, runSeconds: number): Task {
  return {
    id: taskId("call", payload.taskId, payload.attempt, payload.companyId ?? "all"),
    payload,
    dispatchDeadlineSeconds: runSeconds + DEADLINE_MARGIN_SECONDS,
  };
}
