import { z } from "zod";
import { type Database, selectRows } from "../../../platform/postgres.ts";
import type { Task } from "../../../platform/taskQueue.ts";
import { releaseTask } from "../miningCall.ts";

/** In SQL: the source is paused. A look-up in the key of pipeline.source_pause. */
export const isPaused = (sourceId: string) =>
  `exists (select from pipeline.source_pause pause where pause.data_source_id = ${sourceId} and pause.lifted_at is null)`;

const pausedSource = z.object({ dataSourceId: z.number() });

const PAUSE = `
  insert into pipeline.source_pause (data_source_id, paused_by, reason, since)
  select id, $2, $3, $4 from data_source where id = any ($1::int[]) order by id
  on conflict (data_source_id, paused_by) do nothing
  returning data_source_id`;

/**
 * Pauses sources: they are not started and get no more calls; calls under way end.
 *
 * @param by 'check:<name>', or the operator
 * @returns those that `by` had not paused before
 */
export async function pauseSources(
  connection: Database,
  { sourceIds, by, reason }: { sourceIds: readonly number[]; by: string; reason: string },
  now: Date,
): Promise<number[]> {
  const rows = await selectRows(connection, pausedSource, PAUSE, [sourceIds, by, reason, now]);
  return rows.map(({ dataSourceId }) => dataSourceId);
}

const END_PAUSES = `
  delete from pipeline.source_pause
   where paused_by = $1 and data_source_id <> all ($2::int[])
  returning data_source_id, lifted_at is null as was_paused`;

const endedPause = pausedSource.extend({ wasPaused: z.boolean() });

/**
 * Ends the pauses that `by` made, except for the sources that stay paused.
 *
 * @returns the sources whose pause was still in effect; others may keep pausing them
 */
export async function endPauses(
  connection: Database,
  { by, but }: { by: string; but: readonly number[] },
): Promise<number[]> {
  const rows = await selectRows(connection, endedPause, END_PAUSES, [by, but]);
  return rows.filter(({ wasPaused }) => wasPaused).map(({ dataSourceId }) => dataSourceId);
}

// The row of a check that still fails stays, marked as lifted: without it the check would pause the source again.
const LIFT = `
  with ended as (
    delete from pipeline.source_pause where data_source_id = $1 and paused_by not like 'check:%'
  )
  update pipeline.source_pause set lifted_at = $3, lifted_by = $2
   where data_source_id = $1 and paused_by like 'check:%' and lifted_at is null`;

/**
 * An operator resumes a source, whoever paused it. Run it in one transaction.
 *
 * @returns tasks for `mineSource`, to be enqueued after the commit
 */
export async function resumeSource(
  connection: Database,
  { sourceId, by }: { sourceId: number; by: string },
  now: Date,
): Promise<Task[]> {
  await connection.query(LIFT, [sourceId, by, now]);
  return callsAfterPause(connection, [sourceId], now);
}

const resumedTask = z.object({ taskId: z.number(), attempt: z.number() });

// The time of the pause does not count as the task's silence. Reads scheduled_task_open_idx.
const MARK_SEEN_AFTER_PAUSE = `
  update pipeline.task_run run
     set last_seen_at = greatest(run.last_seen_at, $2)
    from scheduled_task t
   where t.task_id = run.task_id and t.status = 'PROCESSING'
     and t.data_source_id = any ($1::int[]) and not ${isPaused("t.data_source_id")}
  returning t.task_id, t.attempts as attempt`;

/**
 * Releases the calls that waited for sources that are no longer paused. Run it in the transaction that ends the
 * pauses, after that.
 *
 * @returns tasks for `mineSource`, which releases the calls. The sweep makes up for one that gets lost.
 */
export async function callsAfterPause(
  connection: Database,
  sourceIds: readonly number[],
  now: Date,
): Promise<Task[]> {
  if (sourceIds.length === 0) return [];
  const tasks = await selectRows(connection, resumedTask, MARK_SEEN_AFTER_PAUSE, [sourceIds, now]);
  return tasks.map((task) => releaseTask(task, now));
}
