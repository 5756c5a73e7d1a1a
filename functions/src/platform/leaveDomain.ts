import type { Domain } from "node:domain";

declare global {
  namespace NodeJS {
    interface Process {
      /** The domain that the running code is in. */
      readonly domain?: Domain | null;
    }
  }
}

/**
 * Leaves the domain in which the Functions Framework runs a request. Node tells it of every promise, which takes a
 * fifth of a short request's time.
 *
 * In it, an exception or a rejection that nobody handles would fail its request only. Outside, it ends the instance, as
 * node does by itself: nobody knows what state such a process is in, and whatever it dies at can be done again.
 */
export function leaveDomain(): void {
  process.domain?.exit();
}
