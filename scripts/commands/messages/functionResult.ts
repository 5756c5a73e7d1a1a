import { setTimeout } from "node:timers/promises";
import type { Database } from "../../../functions/src/platform/postgres.ts";
import type { EnqueueTasks } from "../../../functions/src/platform/taskQueue.ts";

/** What asking a function takes: its queue, and the database in which it leaves its result. */
export interface Asking {
  readonly db: Database;
  readonly enqueue: EnqueueTasks;
  /** How long a result may take. */
  readonly patienceMs?: number;
}

// A provider that hangs is given up after half a minute; the tasks emulator dispatches after up to 2.5 s.
const PATIENCE_MS = 90_000;
const LOOK_EVERY_MS = 250;

/**
 * Waits for the result of a task in the database: the function has the settings of its own environment, which whoever
 * runs a command need not have.
 *
 * @returns undefined where there is none in time
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
