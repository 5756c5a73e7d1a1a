import { z } from "zod";
import { type Database, selectRows } from "../../platform/postgres.ts";
import type { Task } from "../../platform/taskQueue.ts";
import { isPaused, liftPauses } from "../sourceHealth/sourcePause.ts";
import { releaseTask } from "./mineSourceTask.ts";

const attemptOfTask = z.object({ task_id: z.number(), attempts: z.number() });

// The time of the pause is not the task's silence. Reads scheduled_task_open_idx.
const CALLS_AFTER_PAUSE = `
  update pipeline.task_run run
     set last_seen_at = greatest(run.last_seen_at, $2)
    from scheduled_task t
   where t.task_id = run.task_id and t.status = 'PROCESSING'
     and t.data_source_id = any ($1::int[]) and not ${isPaused("t.data_source_id")}
  returning t.task_id, t.attempts`;

/**
 * Has the calls go on that waited for sources that are not paused any more. It belongs into the transaction that
 * ends the pauses, after that.
 *
 * @returns tasks for `mineSource`, which gives out the places. One that gets lost is made up for by the sweeper.
 */
export async function callsAfterPause(
  connection: Database,
  sourceIds: readonly number[],
  now: Date,
): Promise<Task[]> {
  if (sourceIds.length === 0) return [];
  const rows = await selectRows(connection, attemptOfTask, CALLS_AFTER_PAUSE, [sourceIds, now]);
  return rows.map((row) => releaseTask({ taskId: row.task_id, attempt: row.attempts }, now));
}

/**
 * An operator resumes a source, whoever paused it. What runs this does it in one transaction.
 *
 * @returns tasks for `mineSource`, to be enqueued once it is committed
 */
export async function resumeSource(
  connection: Database,
  { sourceId, by }: { sourceId: number; by: string },
  now: Date,
): Promise<Task[]> {
  await liftPauses(connection, { sourceId, by }, now);
  return callsAfterPause(connection, [sourceId], now);
}
