import { stateModel } from "./stateModel.ts";

const MINUTE = 60;

// The time limits of a mining call, in seconds. R is its max_run_seconds, any integer, brought within these bounds:
// Cloud Tasks takes dispatch deadlines from 15 s to 30 min, and a deadline is 30 s longer than its call.
const RUN_SECONDS = { min: 15, max: 1770 } as const;

/** In SQL: R, for how many seconds a call of the scheduled task `task` may run. The only reading of the column. */
export const runSeconds = (task: string) =>
  `least(greatest(${task}.max_run_seconds, ${RUN_SECONDS.min}), ${RUN_SECONDS.max})`;

/** What ends when, counted from the begin of a call that may run for `run` seconds. */
export function callSeconds(run: number) {
  return {
    /** Our patience with the module, so that the call's end is recorded before its time is up. */
    module: run - 5,
    /** Cloud Tasks waits for our answer: a little longer than the call may take. */
    dispatch: run + 30,
    /** The module's token: clocks differ, and modules go on and feed after our patience has ended, for half an hour. */
    token: Math.max(run + MINUTE, 30 * MINUTE),
  };
}

/** In SQL: after how many seconds a RUNNING call has lost its process, which ends soon after the call's time. */
export const lostSeconds = (task: string) => `(${runSeconds(task)} + ${MINUTE})`;

/** The longest wait between two tries of a call, in seconds. */
export const MAX_BACKOFF_SECONDS = 4 * MINUTE;

/**
 * In SQL: for how many seconds a running task may show no sign of life. A call shows one when it begins and when it
 * ends, so in a shorter time a task would seem lost that only waits for the next try of its call.
 */
export const silentSeconds = (task: string) =>
  `greatest(${runSeconds(task)}, ${MAX_BACKOFF_SECONDS + MINUTE})`;

/** After this long without a sign of life, the sweep looks for lost pages and free places of a running task. */
export const STALLED_SECONDS = 5 * MINUTE;

/** How long a task waits for a source that is down. The next run of most sources is due by then. */
export const HOURS_TO_WAIT_FOR_SOURCE = 24;

/** How long the breaker of a source that is down waits for its first probe; twice as long for each later one. */
export const BREAKER_PAUSE_SECONDS = { first: 5 * MINUTE, max: 60 * MINUTE } as const;

/**
 * The states of all tracked work: the one place that defines which changes are allowed, how long a state may last, and
 * how often something is tried. `scripts/dev migrate` puts the transitions into the database, where a trigger checks
 * every change; `scripts/dev states` draws them.
 */
export const stateModels = {
  scheduledTask: stateModel({
    title: "Scheduled task",
    table: "public.scheduled_task",
    column: "status",
    key: "task_id",
    attempts: 3,
    states: {
      PENDING: { means: "waits for its time and for its source's other tasks" },
      PROCESSING: { means: "its companies are mined", lastsAtMost: "max_run_seconds" },
      SUCCESS: { means: "mined, but for companies that failed or were skipped", isFinal: true },
      FAILED: { means: "every company failed, or it was given up or cancelled", isFinal: true },
    },
    transitions: [
      ["new", "PENDING", "planned, or asked for"],
      ["PENDING", "PROCESSING", "the tick claims it"],
      ["PENDING", "FAILED", "an operator cancels it"],
      ["PROCESSING", "SUCCESS", "its last call ends"],
      ["PROCESSING", "PENDING", "silent for too long: tried again"],
      ["PROCESSING", "FAILED", "all calls failed, silent in the last attempt, or cancelled"],
    ],
  }),

  miningCall: stateModel({
    title: "Mining call",
    table: "pipeline.mining_call",
    column: "state",
    key: "id",
    attempts: 4,
    states: {
      WAITING: { means: "waits for a place in flight" },
      ENQUEUED: { means: "its task is in the queue", lastsAtMost: 15 * MINUTE },
      RUNNING: { means: "its module is called", lastsAtMost: "max_run_seconds" },
      SUCCEEDED: { means: "the module is done; it may have warned", isFinal: true },
      FAILED: { means: "the module failed, or the task ended first", isFinal: true },
      SKIPPED: { means: "the source's calls of the day were used up", isFinal: true },
    },
    transitions: [
      ["new", "WAITING", "the task is fanned out"],
      ["WAITING", "ENQUEUED", "a place is free"],
      ["WAITING", "SUCCEEDED", "its module reports for the whole task"],
      ["WAITING", "FAILED", "reported, or the task is given up or cancelled"],
      ["WAITING", "SKIPPED", "the day's quota is used up"],
      ["ENQUEUED", "RUNNING", "its task is dispatched"],
      ["ENQUEUED", "WAITING", "the scheduled task is tried again"],
      ["ENQUEUED", "SUCCEEDED", "reported"],
      ["ENQUEUED", "FAILED", "reported, lost too often, or the task is given up or cancelled"],
      ["ENQUEUED", "SKIPPED", "the day's quota is used up"],
      ["RUNNING", "ENQUEUED", "a failure that may pass, or its process died: then it runs alone"],
      ["RUNNING", "WAITING", "the scheduled task is tried again"],
      ["RUNNING", "SUCCEEDED", "the module answers or reports"],
      ["RUNNING", "FAILED", "the module fails, or the task is given up or cancelled"],
      ["RUNNING", "SKIPPED", "a retry would exceed the day's quota"],
    ],
  }),

  sourceBreaker: stateModel({
    title: "Circuit breaker of a data source",
    table: "pipeline.source_breaker",
    column: "state",
    key: "data_source_id",
    // Failures in a row: more than one company's bad luck, less than a page.
    attempts: 5,
    states: {
      CLOSED: { means: "the source is up, its calls are made" },
      OPEN: { means: "the source is down, its calls wait", lastsAtMost: BREAKER_PAUSE_SECONDS.max },
      PROBING: { means: "one call is let through to see", lastsAtMost: "max_run_seconds" },
    },
    transitions: [
      ["new", "CLOSED", "a call ends"],
      ["CLOSED", "OPEN", "too many calls fail by the source's fault"],
      ["OPEN", "PROBING", "its pause is over, and a call waits"],
      ["PROBING", "CLOSED", "the probe succeeds"],
      ["PROBING", "OPEN", "the probe fails"],
    ],
  }),

  moduleRequest: stateModel({
    title: "Request to a module",
    table: "pipeline.module_request",
    column: "state",
    key: "id",
    attempts: 3,
    states: {
      WAITING: { means: "its task is in the queue", lastsAtMost: 15 * MINUTE },
      // A minute longer than the function may take.
      RUNNING: { means: "its module is asked", lastsAtMost: 10 * MINUTE },
      SUCCEEDED: { means: "the module answered", isFinal: true },
      FAILED: { means: "the module failed", isFinal: true },
    },
    transitions: [
      ["new", "WAITING", "the web application asks"],
      ["WAITING", "RUNNING", "its task is dispatched"],
      ["WAITING", "FAILED", "tried too often"],
      ["RUNNING", "SUCCEEDED", "the module answers"],
      ["RUNNING", "WAITING", "a failure that may pass, and no caller waits"],
      ["RUNNING", "FAILED", "the module fails"],
      ["SUCCEEDED", "WAITING", "asked anew"],
      ["FAILED", "WAITING", "asked anew"],
    ],
  }),

  rawDocument: stateModel({
    title: "Raw document",
    table: "pipeline.raw_document",
    column: "state",
    key: "id",
    attempts: 5,
    states: {
      RECEIVED: { means: "kept in Firestore, not yet normalized", lastsAtMost: 10 * MINUTE },
      NORMALIZED: { means: "its values are stored, not yet analyzed", lastsAtMost: 10 * MINUTE },
      ANALYZED: { means: "its news are written", isFinal: true },
      DATA_PROBLEM: { means: "it looks like a broken module and not like news", isFinal: true },
      FAILED: { means: "something is wrong with it, and the reason is kept", isFinal: true },
    },
    transitions: [
      ["new", "RECEIVED", "it is stored, and the module told so"],
      ["new", "NORMALIZED", "its event came first"],
      ["new", "FAILED", "its event came first"],
      ["RECEIVED", "NORMALIZED", "its values are written"],
      ["RECEIVED", "FAILED", "it cannot be normalized, or was tried too often"],
      ["NORMALIZED", "ANALYZED", "its analysis is written"],
      ["NORMALIZED", "DATA_PROBLEM", "its analysis is written"],
      ["NORMALIZED", "FAILED", "it was tried too often"],
      ["ANALYZED", "DATA_PROBLEM", "processed again, it looks like one"],
      ["DATA_PROBLEM", "ANALYZED", "processed again, it looks sound"],
      ["FAILED", "NORMALIZED", "run again, with success"],
      ["FAILED", "RECEIVED", "an operator has it run again"],
    ],
  }),

  delivery: stateModel({
    title: "Delivery",
    table: "pipeline.delivery",
    column: "state",
    key: "id",
    attempts: 8,
    states: {
      PENDING: { means: "due at its time", lastsAtMost: 5 * MINUTE },
      SENDING: { means: "its provider is asked", lastsAtMost: 10 * MINUTE },
      SENT: { means: "the provider took it", isFinal: true },
      FAILED: { means: "refused for good, or tried too often", isFinal: true },
      UNKNOWN: { means: "it may have been taken, and is not sent again", isFinal: true },
      SUPPRESSED: { means: "muted, paused, or nothing to say any more", isFinal: true },
    },
    transitions: [
      ["new", "PENDING", "written with what it tells"],
      ["PENDING", "SENDING", "its provider is given the message"],
      ["PENDING", "FAILED", "refused before that, or a test message that would have to wait"],
      ["PENDING", "SUPPRESSED", "muted, paused, or nothing to say any more"],
      ["SENDING", "SENT", "the provider took it"],
      ["SENDING", "PENDING", "the provider did not take it, and may later"],
      ["SENDING", "FAILED", "refused for good, or tried too often"],
      ["SENDING", "UNKNOWN", "it ended without a result, or the provider's was unclear"],
      ["UNKNOWN", "SENT", "taken for dead, it was only slow"],
      ["UNKNOWN", "PENDING", "taken for dead, it was only slow, and the provider did not take it"],
      ["UNKNOWN", "FAILED", "taken for dead, it was only slow, and was refused"],
    ],
  }),
} as const;
