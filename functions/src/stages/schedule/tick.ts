import { dueProbes } from "../../domain/miningCall/dueProbes.ts";
import { mineSourceTask } from "../../domain/miningCall/mineSourceTask.ts";
import { logEvent } from "../../platform/log.ts";
import { correlationOf } from "../../platform/logContext.ts";
import type { TransactionalDatabase } from "../../platform/postgres.ts";
import type { EnqueueTasks } from "../../platform/taskQueue.ts";
import { claimDueTasks } from "./claimDueTasks.ts";
import { planTasks } from "./planTasks.ts";
import { reclaimOverdueTasks } from "./reclaimOverdueTasks.ts";
import { removeMissedTasks } from "./removeMissedTasks.ts";
import { removeTasksOfInactiveSources } from "./removeTasksOfInactiveSources.ts";

/** What a tick did, in numbers of scheduled tasks. */
export interface TickResult {
  readonly planned: number;
  readonly removed: number;
  readonly reclaimed: number;
  readonly failed: number;
  readonly started: number;
  /** How many have a call let through, to see whether their source is up again. */
  readonly probed: number;
}

// Ticks follow each other, for a few milliseconds each: claiming looks at what runs, and must not look while
// another claims. The number is only this lock's name.
const LOCK_TICK = "select pg_advisory_xact_lock(3110601)";

// As many correlations as one field of the log holds; each started task has a line of its own.
const MAX_NAMED = 50;

/**
 * Plans, reclaims and starts scheduled tasks: nine statements, whatever the number of sources. It may run at any
 * time, often, and several at once. A task that was claimed by a tick that died before it enqueued is overdue
 * soon, and reclaimed.
 */
export async function tick(
  { db, enqueue }: { db: TransactionalDatabase; enqueue: EnqueueTasks },
  now: Date,
): Promise<TickResult> {
  const begunAt = performance.now();
  const { claimed, probes, ...counts } = await db.transaction(async (connection) => {
    await connection.query(LOCK_TICK);
    const planned = await planTasks(connection, now);
    const removed =
      (await removeTasksOfInactiveSources(connection)) + (await removeMissedTasks(connection, now));
    const { reclaimed, failed } = await reclaimOverdueTasks(connection, now);
    const claimed = await claimDueTasks(connection, now);
    return { planned, removed, reclaimed, failed, claimed, probes: await dueProbes(connection, now) };
  });
  const pages = claimed.map((task) => mineSourceTask({ ...task, after: 0 }));
  await enqueue("mineSource", [...pages, ...probes]);
  const result = { ...counts, started: claimed.length, probed: probes.length };
  for (const { taskId, attempt } of claimed) {
    logEvent("task_started", { correlation: correlationOf({ taskId }), task: taskId, attempt });
  }
  const tasks = claimed.slice(0, MAX_NAMED).map((task) => correlationOf(task));
  logEvent("tick", {
    ...result,
    tasks: tasks.join(" "),
    durationMs: Math.round(performance.now() - begunAt),
  });
  return result;
}
