import type { TransactionalDatabase } from "../../../platform/postgres.ts";
import type { EnqueueTasks } from "../../../platform/taskQueue.ts";
import { sweepNotices } from "../notices/sweepNotices.ts";
import type { Patience } from "./patience.ts";
import { sweepBackfills } from "./sweepBackfills.ts";
import { sweepCalls, sweepProbes, sweepTasks } from "./sweepCalls.ts";
import { sweepComments } from "./sweepComments.ts";
import { sweepDocuments } from "./sweepDocuments.ts";
import { sweepErasures } from "./sweepErasures.ts";
import { sweepMessages } from "./sweepMessages.ts";

/** What a sweep works with. */
export interface SweepContext {
  readonly db: TransactionalDatabase;
  readonly enqueue: EnqueueTasks;
}

type Sweeper = (context: SweepContext, patience: Patience) => Promise<Record<string, number>>;

const SWEEPERS: readonly Sweeper[] = [
  sweepTasks,
  sweepCalls,
  sweepProbes,
  sweepDocuments,
  sweepComments,
  sweepMessages,
  sweepNotices,
  sweepBackfills,
  sweepErasures,
];

/**
 * Finds what stands in a state for longer than it may, because an event or a task got lost or a process died, and sets
 * it going again, or fails it with its reason. Whatever is set going again has a task of a new id, because a queue
 * remembers the ids that it had. What was not lost but is slow runs twice, which changes nothing.
 *
 * @returns how much of what
 * @throws Error with the first failure as its cause where some could not be swept, after all the others were
 */
export async function sweep(context: SweepContext, patience: Patience): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const failures: unknown[] = [];
  for (const sweeper of SWEEPERS) {
    try {
      Object.assign(counts, await sweeper(context, patience));
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length === 0) return counts;
  throw new Error(`${failures.length} of ${SWEEPERS.length} kinds of work could not be swept`, {
    cause: failures[0],
  });
}
