import { z } from "zod";
import { type Database, selectRow, selectRows, type TransactionalDatabase } from "../../platform/postgres.ts";
import type { Task } from "../../platform/taskQueue.ts";
import { mineCompanyTask, type TaskAttempt } from "./miningCall.ts";
import { completeTask, lockRunningTask, logTaskEnd, type TaskEnd } from "./runningTask.ts";
import { readAdmission } from "./sourceHealth/admission.ts";
import { startProbe } from "./sourceHealth/probe.ts";

interface Release extends TaskAttempt {
  /**
   * Also return the calls that were enqueued before: a process may have died between marking them and enqueuing their
   * tasks. Task ids are deterministic, so a task that is in the queue is not doubled.
   */
  readonly again: boolean;
  readonly now: Date;
}

/**
 * Enqueues as many waiting calls as the source admits, those first whose companies have waited longest for their turn.
 * At most `calls_in_flight` of a source (its additional_params; 8 by default) are enqueued or running, so that a slow
 * source leaves room for the others. Calls beyond its `calls_per_day` are skipped. A source that is down gets its
 * probes only.
 *
 * @returns the tasks to enqueue; none if the task is not running in that attempt
 */
export async function releaseCalls(db: TransactionalDatabase, release: Release): Promise<Task[]> {
  const { taskId, attempt } = release;
  const { tasks, end } = await db.transaction(async (connection) => {
    const task = await lockRunningTask(connection, taskId, attempt);
    if (task === undefined) return { tasks: [] };
    const { admitted, end } = await admitCalls(connection, task.dataSourceId, release);
    const calls = release.again
      ? await selectRows(connection, releasedCall, ENQUEUED_CALLS, [taskId])
      : admitted;
    const tasks = calls.map(({ companyId }) =>
      mineCompanyTask({ taskId, attempt, companyId }, task.runSeconds),
    );
    return { tasks, end };
  });
  logTaskEnd(end);
  return tasks;
}

const releasedCall = z.object({ id: z.string(), companyId: z.number().nullable() });

type ReleasedCall = z.output<typeof releasedCall>;

async function admitCalls(
  connection: Database,
  sourceId: number,
  { taskId, now }: Release,
): Promise<{ admitted: ReleasedCall[]; end?: TaskEnd | undefined }> {
  const { places, isProbe, isUsedUp } = await readAdmission(connection, taskId, now);
  if (isUsedUp) {
    await connection.query(SKIP_CALLS, [
      taskId,
      now,
      `The source's calls of ${now.toISOString().slice(0, 10)} are used up`,
    ]);
    return { admitted: [], end: await completeTask(connection, taskId, now) };
  }
  if (places === 0) return { admitted: [] };
  if (!isProbe)
    return { admitted: await selectRows(connection, releasedCall, RELEASE_CALLS, [taskId, places, now]) };
  const probe = await startProbe(connection, { sourceId, taskId, now }, () =>
    selectRow(connection, releasedCall, RELEASE_PROBE, [taskId, sourceId, now]),
  );
  return { admitted: probe === undefined ? [] : [probe] };
}

// Reads mining_call_waiting_idx. The task's lock keeps two releases from filling the same places.
const RELEASE_CALLS = `
  update pipeline.mining_call
     set state = 'ENQUEUED', enqueued_at = $3
   where id in (
     select id from pipeline.mining_call
      where task_id = $1 and state = 'WAITING'
      order by last_turn_at nulls first, id
      limit $2
   )
  returning id::text, company_id`;

// A company that worked before tells most: one that the source does not know fails there in any case.
const RELEASE_PROBE = `
  update pipeline.mining_call
     set state = 'ENQUEUED', enqueued_at = $3
   where id = (
     select call.id
       from pipeline.mining_call call
       left join pipeline.company_turn turn on turn.data_source_id = $2 and turn.company_id = call.company_id
      where call.task_id = $1 and call.state = 'WAITING'
      order by turn.worked_at desc nulls last, call.last_turn_at nulls first, call.id
      limit 1
   )
  returning id::text, company_id`;

const SKIP_CALLS = `
  update pipeline.mining_call
     set state = 'SKIPPED', ended_at = $2, error_type = 'QuotaUsedUp', error_text = $3
   where task_id = $1 and state = 'WAITING'`;

// Reads mining_call_open_idx.
const ENQUEUED_CALLS = `
  select id::text, company_id from pipeline.mining_call where task_id = $1 and state = 'ENQUEUED' order by mining_call.id`;
