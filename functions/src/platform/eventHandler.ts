import { logError } from "./log.ts";
import { withLogIds } from "./logContext.ts";

/** The handler of an event: what it throws is reported once, and has the event delivered again. */
export function eventHandler<E>(work: (event: E) => Promise<void>): (event: E) => Promise<void> {
  return (event) =>
    withLogIds({}, async () => {
      try {
        await work(event);
      } catch (error) {
        logError("An event failed", error);
        throw new LoggedError();
      }
    });
}

/** Tells the platform that a run failed. It logs what it is told, so this one says nothing that is logged already. */
export class LoggedError extends Error {
  override readonly name = "LoggedError";

  constructor() {
    super("The run failed: the line before has the reason");
    // Without frames it is no error to Error Reporting, which has the true one.
    this.stack = this.message;
  }
}
