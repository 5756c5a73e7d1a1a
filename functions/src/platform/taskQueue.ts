import { createHash } from "node:crypto";
import pMap from "p-map";
import { REGION } from "./config.ts";
import { errorCode } from "./errorCode.ts";
import { firebaseApp } from "./firebaseApp.ts";
import { CORRELATION_HEADER, currentLogIds } from "./logContext.ts";

/** A task for a queue. The id is its identity: the same id twice is one task. */
export interface Task {
  readonly id: string;
  readonly payload: object;
  /** How long the function may take before the queue gives up on this attempt, 15 to 1800 s. */
  readonly dispatchDeadlineSeconds?: number;
  /** How long it waits before it is first dispatched. The emulator does not wait. */
  readonly scheduleDelaySeconds?: number;
}

/** Puts tasks on the queue of the named function. Resolves when all are durable. */
export type EnqueueTasks = (queue: string, tasks: readonly Task[]) => Promise<void>;

// Cloud Tasks takes one task a request; 20 at a time enqueue a page of 500 in about a second.
const REQUESTS_AT_A_TIME = 20;

/** {@link EnqueueTasks} on Cloud Tasks. A task that is already there counts as enqueued. */
export const enqueueTasks: EnqueueTasks = async (queue, tasks) => {
  if (tasks.length === 0) return;
  const { getFunctions } = await import("firebase-admin/functions");
  const { correlation } = currentLogIds();
  const headers = correlation == null ? {} : { [CORRELATION_HEADER]: String(correlation) };
  const taskQueue = getFunctions(firebaseApp()).taskQueue(`locations/${REGION}/functions/${queue}`);
  await pMap(
    tasks,
    async ({ id, payload, dispatchDeadlineSeconds, scheduleDelaySeconds }) => {
      try {
        await taskQueue.enqueue(payload, {
          id,
          headers,
          ...(dispatchDeadlineSeconds === undefined ? {} : { dispatchDeadlineSeconds }),
          ...(scheduleDelaySeconds === undefined ? {} : { scheduleDelaySeconds }),
        });
      } catch (error) {
        if (!isAlreadyThere(error)) throw error;
      }
    },
    { concurrency: REQUESTS_AT_A_TIME },
  );
};

function isAlreadyThere(error: unknown): boolean {
  return errorCode(error) === "functions/task-already-exists";
}

/**
 * A task id from what makes the task unique. A hash comes first because Cloud Tasks slows down on ids that share
 * their beginning.
 */
export function taskId(...parts: readonly (string | number)[]): string {
  const name = parts.join("-");
  return `${createHash("sha256").update(name).digest("hex").slice(0, 8)}-${name}`;
}
