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
 * Within it, an unhandled exception or rejection would fail only its request. Outside, it ends the instance, as Node
 * does by default: the state of such a process is unknown, and all its work can be repeated.
 */
export function leaveDomain(): void {
  process.domain?.exit();
}
