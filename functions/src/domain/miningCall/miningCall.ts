import { z } from "zod";
import { type Task, taskId } from "../../platform/taskQueue.ts";
import { callSeconds } from "../state/stateModels.ts";

/*
 * A mining call mines one company for one scheduled task. Its states, tries and time limits are in
 * ../state/stateModels.ts; each file here is one step of its life, in this order:
 *
 *   openCalls     WAITING: a page of the source's companies gets its calls
 *   releaseCalls  ENQUEUED: a place in flight is free, and the source admits it (sourceHealth/admission.ts)
 *   beginCall     RUNNING: the try is counted
 *   retryCall     ENQUEUED again: the failure may pass
 *   finishCalls   SUCCEEDED, FAILED or SKIPPED; the last one completes its task (runningTask.ts)
 *   sweepCalls    whatever got lost on the way goes on
 *
 * attempt          one run of a scheduled task; the next attempt repeats the calls that are not final
 * try              one call of the module, counted within an attempt (mining_call.attempt)
 * place in flight  what an ENQUEUED or RUNNING call takes; each source has a few (calls_in_flight)
 * turn             when a company was last tried at a source; the longest wait is released first
 * alone            in a process that makes no other call, because the process of its last try died
 * sign of life     task_run.last_seen_at: a call began or ended; without one the task is tried again
 * fanned out       all pages are open, so no more calls are to come
 * probe            the one call that finds out whether a source that is down is up again
 */

/** How a call ended. A succeeded one may carry an error that the module reported beside its data. */
export interface CallResult {
  /** null for the one call of a source that names its companies itself. */
  readonly companyId: number | null;
  /** SKIPPED: the day's quota was used up. */
  readonly state: "SUCCEEDED" | "FAILED" | "SKIPPED";
  readonly errorType?: string | undefined;
  readonly errorText?: string | undefined;
  /** The source is to blame, so any other company's call would have failed too. Never set by a module's report. */
  readonly isSourceFault?: boolean;
  /** Nothing about the company could have caused the fault: the module could not be reached, or refused the token. */
  readonly isCertain?: boolean;
}

/** A running attempt of a scheduled task. */
export interface TaskAttempt {
  readonly taskId: number;
  readonly attempt: number;
}

const taskAttempt = z.object({ taskId: z.number().int(), attempt: z.number().int() });

/**
 * The payload of a `mineSource` task: one page of the companies of one attempt of a scheduled task, those with
 * ids above `after`. Without a page (null) it only releases calls that wait.
 */
export const mineSourcePayload = taskAttempt.extend({ after: z.number().int().nullable() });

export type MineSourcePayload = z.output<typeof mineSourcePayload>;

/** The task of a page. */
export function mineSourceTask(payload: MineSourcePayload & { readonly after: number }): Task {
  return { id: taskId("page", payload.taskId, payload.attempt, payload.after), payload };
}

const MINUTE_MS = 60_000;

/** A `mineSource` task that releases calls. Requests within the same minute share one. */
export function releaseTask({ taskId: id, attempt }: TaskAttempt, now: Date): Task {
  const minute = Math.floor(now.getTime() / MINUTE_MS);
  return { id: taskId("release", id, attempt, minute), payload: { taskId: id, attempt, after: null } };
}

/** The payload of a `mineCompany` or `mineCompanyAlone` task. Tasks of an older attempt do nothing. */
export const mineCompanyPayload = taskAttempt.extend({ companyId: z.number().int().nullable() });

export type MineCompanyPayload = z.output<typeof mineCompanyPayload>;

/**
 * The task of a mining call.
 *
 * @param runSeconds how long the call may run, as runSeconds of the state model reads it
 */
export function mineCompanyTask(payload: MineCompanyPayload, runSeconds: number): Task {
  return {
    id: taskId("call", payload.taskId, payload.attempt, payload.companyId ?? "all"),
    payload,
    dispatchDeadlineSeconds: callSeconds(runSeconds).dispatch,
  };
}

/** The queue of a call: one that runs alone has a process to itself, the others share theirs. */
export function callQueue({ alone }: { readonly alone: boolean }) {
  return alone ? "mineCompanyAlone" : "mineCompany";
}

/** The error type of a call whose module answered 2xx, and neither fed nor reported anything. */
export const NOTHING_DONE = "NothingDone";

/** The error of a call whose process died: out of memory, or ended from outside. */
export const PROCESS_DIED = {
  type: "ProcessDied",
  text: "The process died while the module was called",
} as const;
