import { setTimeout } from "node:timers/promises";
import type { Database } from "../../../functions/src/platform/postgres.ts";
import type { EnqueueTasks } from "../../../functions/src/platform/taskQueue.ts";

/** Where to enqueue the task, and the database that will hold its result. */
export interface Asking {
  readonly db: Database;
  readonly enqueue: EnqueueTasks;
  /** How long to wait for a result. */
  readonly patienceMs?: number;
}

// The function gives up on a hanging provider after half a minute; the tasks emulator dispatches within 2.5 s.
const PATIENCE_MS = 90_000;
const LOOK_EVERY_MS = 250;

/**
 * Waits for the result of a task in the database. The work runs in the function, which has settings and secrets that
 * the person at the terminal may not have.
 *
 * @returns undefined if there is no result in time
 */
export async function resultOf<T>(
  read: () => Promise<T | undefined>,
  patienceMs = PATIENCE_MS,
): Promise<T | undefined> {
  const end = Date.now() + patienceMs;
  for (;;) {
    const result = await read();
    if (result !== undefined || Date.now() > end) return result;
    await setTimeout(LOOK_EVERY_MS);
  }
}
