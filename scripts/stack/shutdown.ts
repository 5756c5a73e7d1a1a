import { constants } from "node:os";
import { messageOf } from "../userError.ts";

/** Stops one thing that was started. */
export type Stop = () => Promise<void>;

const running: Stop[] = [];

/**
 * Registers how to stop something that was started, so that it stops in any case: at the end, after a failure and after
 * a signal.
 *
 * @returns the same function; it runs once, however often it is called
 */
export function whenStopping(stop: Stop): Stop {
  let stopped: Promise<void> | undefined;
  const once = () => {
    stopped ??= stop().finally(() => running.splice(running.indexOf(once), 1));
    return stopped;
  };
  running.push(once);
  return once;
}

/** Stops everything that still runs, the last started first. A failing stop does not prevent the others. */
export async function stopEverything(): Promise<void> {
  for (let stop = running.at(-1); stop; stop = running.at(-1)) {
    await stop().catch((error: unknown) => console.error(messageOf(error)));
  }
}

let stoppingSince: number | undefined;

// If a parent process passes Ctrl-C on, it arrives twice; that does not count as a second one.
const samePressMs = 1000;

/** From now on, Ctrl-C and similar signals stop everything before the process ends; a second one ends it at once. */
export function stopOnSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      const exitCode = 128 + constants.signals[signal];
      if (stoppingSince !== undefined) {
        if (performance.now() - stoppingSince > samePressMs) process.exit(exitCode);
        return;
      }
      stoppingSince = performance.now();
      void stopEverything().finally(() => process.exit(exitCode));
    });
  }
}

/** Whether a signal is stopping everything; errors from now on are a consequence. */
export function isStopping(): boolean {
  return stoppingSince !== undefined;
}

/**
 * Does two things at the same time. Unlike Promise.all, it fails only once both are done, so that nothing is still
 * starting while everything is being stopped.
 */
export async function together<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return Promise.all([a, b]);
}
