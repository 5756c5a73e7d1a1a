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
 * fifth of a short request's time. Outside of it an exception that nobody catches ends the instance, as a rejection that
 * nobody handles does in any case.
 */
export function leaveDomain(): void {
  process.domain?.exit();
}
