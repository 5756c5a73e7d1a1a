import { HttpsError } from "firebase-functions/https";
import type { Request } from "firebase-functions/tasks";
import { logError, logEvent } from "./log.ts";
import { CORRELATION_HEADER, withLogIds } from "./logContext.ts";
import { RetryLater } from "./retryLater.ts";

/**
 * The handler of a task: what it logs carries the correlation of who enqueued it, and what it throws is reported once
 * and has the queue try again.
 */
export function taskHandler(work: (request: Request) => Promise<void>): (request: Request) => Promise<void> {
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
