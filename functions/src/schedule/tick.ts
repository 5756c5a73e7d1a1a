import { mineSourceTask } from "../miningCall/mineSourceTask.ts";
import type { TransactionalDatabase } from "../platform/postgres.ts";
import type { EnqueueTasks } from "../platform/taskQueue.ts";
import { claimDueTasks } from "./claimDueTasks.ts";
import { planTasks } from "./planTasks.ts";
import { reclaimOverdueTasks } from "./reclaimOverdueTasks.ts";
import { removeTasksOfInactiveSources } from "./removeTasksOfInactiveSources.ts";

/** What a tick did, in numbers of scheduled tasks. */
export interface TickResult {
  readonly planned: number;
  readonly removed: number;
  readonly reclaimed: number;
  readonly failed: number;
  readonly started: number;
}

// Ticks follow each other, for a few milliseconds each: claiming looks at what runs, and must not look while
// another claims. The number is only this lock's name.
const LOCK_TICK = "select pg_advisory_xact_lock(3110601)";

/**
 * Plans, reclaims and starts scheduled tasks: seven statements, whatever the number of sources. It may run at any
 * time, often, and several at once. A task that was claimed by a tick that died before it enqueued is overdue
 * soon, and reclaimed.
 */
export async function tick(
  { db, enqueue }: { db: TransactionalDatabase; enqueue: EnqueueTasks },
  now: Date,
): Promise<TickResult> {
  const { claimed, ...counts } = await db.transaction(async (connection) => {
    await connection.query(LOCK_TICK);
    const planned = await planTasks(connection, now);
    const removed = await removeTasksOfInactiveSources(connection);
    const { reclaimed, failed } = await reclaimOverdueTasks(connection, now);
    return { planned, removed, reclaimed, failed, claimed: await claimDueTasks(connection, now) };
  });
  await enqueue(
    "mineSource",
    claimed.map((task) => mineSourceTask({ ...task, after: 0 })),
  );
  return { ...counts, started: claimed.length };
}
