import { HttpsError } from "firebase-functions/https";
import { onTaskDispatched, type Request, type TaskQueueFunction } from "firebase-functions/tasks";
import { IN_EMULATOR } from "./config.ts";
import { type Declared, declare, type FunctionDeclaration, optionsOf } from "./declaration.ts";
import { logError, logEvent } from "./log.ts";
import { CORRELATION_HEADER, withLogIds } from "./logContext.ts";
import { RetryLater } from "./retryLater.ts";

/** A function that works off a queue of its own, which has its name. */
export interface TaskDeclaration extends FunctionDeclaration {
  readonly retry: {
    readonly attempts: number;
    /** In seconds, doubled from attempt to attempt; the emulator waits a second. */
    readonly minBackoff?: number;
    readonly maxBackoff?: number;
    readonly maxDoublings?: number;
  };
  /** How much the queue dispatches. */
  readonly dispatches: { readonly atOnce: number; readonly perSecond?: number };
}

/**
 * Declares a function of a queue. What it logs carries the correlation of who enqueued the task, and what it throws is
 * reported once and has the queue try again.
 */
export function taskFunction<const D extends TaskDeclaration>(
  declaration: D,
  work: (request: Request) => Promise<void>,
): Declared<TaskQueueFunction, D> {
  const { retry, dispatches }: TaskDeclaration = declaration;
  const options = {
    ...optionsOf(declaration),
    retryConfig: {
      maxAttempts: retry.attempts,
      ...(retry.minBackoff === undefined ? {} : { minBackoffSeconds: IN_EMULATOR ? 1 : retry.minBackoff }),
      ...(retry.maxBackoff === undefined ? {} : { maxBackoffSeconds: retry.maxBackoff }),
      ...(retry.maxDoublings === undefined ? {} : { maxDoublings: retry.maxDoublings }),
    },
    rateLimits: {
      maxConcurrentDispatches: dispatches.atOnce,
      ...(dispatches.perSecond === undefined ? {} : { maxDispatchesPerSecond: dispatches.perSecond }),
    },
  };
  return declare(onTaskDispatched(options, handled(work)), declaration);
}

function handled(work: (request: Request) => Promise<void>): (request: Request) => Promise<void> {
  return (request) =>
    withLogIds({ correlation: request.headers?.[CORRELATION_HEADER] }, async () => {
      try {
        await work(request);
      } catch (error) {
        // firebase-functions logs whatever is not an HttpsError. Any status but 2xx has the queue try again; of a
        // conflict nobody is told.
        if (error instanceof RetryLater) {
          logEvent("retry_later", { reason: error.message, retryCount: request.retryCount });
          throw new HttpsError("aborted", "To be tried again later");
        }
        logError("A task failed", error, { queue: request.queueName, retryCount: request.retryCount });
        throw new HttpsError("internal", "The log has the reason");
      }
    });
}
