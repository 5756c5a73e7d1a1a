import { mineSourceTask } from "../../domain/miningCall/miningCall.ts";
import { dueProbes } from "../../domain/miningCall/sourceHealth/probe.ts";
import { logEvent } from "../../platform/log.ts";
import { correlationOf } from "../../platform/logContext.ts";
import type { TransactionalDatabase } from "../../platform/postgres.ts";
import type { EnqueueTasks } from "../../platform/taskQueue.ts";
import { claimDueTasks } from "./claimDueTasks.ts";
import { planTasks } from "./planTasks.ts";
import { reclaimOverdueTasks } from "./reclaimOverdueTasks.ts";
import { removeNeedlessTasks } from "./removeNeedlessTasks.ts";

/** How many scheduled tasks a tick planned, removed, and so on. */
export interface TickResult {
  readonly planned: number;
  readonly removed: number;
  readonly reclaimed: number;
  readonly failed: number;
  readonly started: number;
  /** How many had a call let through to find out whether their source is up again. */
  readonly probed: number;
}

// Ticks take turns, of a few milliseconds each: a tick that claims must see what the one before claimed. The number
// is only this lock's name.
const LOCK_TICK = "select pg_advisory_xact_lock(3110601)";

// As many correlations as one log field holds; each started task has a line of its own.
const MAX_NAMED = 50;

/**
 * Plans, reclaims and starts scheduled tasks: nine statements, whatever the number of sources. It may run at any time,
 * often, and concurrently. If a tick dies after it claimed a task and before it enqueued it, the task is soon overdue
 * and reclaimed.
 */
export async function tick(
  { db, enqueue }: { db: TransactionalDatabase; enqueue: EnqueueTasks },
  now: Date,
): Promise<TickResult> {
  const begunAt = performance.now();
  const { claimed, probes, ...counts } = await db.transaction(async (connection) => {
    await connection.query(LOCK_TICK);
    const planned = await planTasks(connection, now);
    const removed = await removeNeedlessTasks(connection, now);
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
