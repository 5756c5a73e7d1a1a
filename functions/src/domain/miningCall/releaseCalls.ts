import { z } from "zod";
import { type Database, selectRow, selectRows, type TransactionalDatabase } from "../../platform/postgres.ts";
import type { Task } from "../../platform/taskQueue.ts";
import { readAdmission } from "../sourceHealth/admission.ts";
import { startProbe } from "../sourceHealth/startProbe.ts";
import { completeTask, logTaskEnd } from "./completeTask.ts";
import { lockRunningTask } from "./lockRunningTask.ts";
import { mineCompanyTask } from "./miningCall.ts";

interface Release {
  readonly taskId: number;
  readonly attempt: number;
  /**
   * Also return the calls that were enqueued before. Whoever retries after a crash asks for them, because the crash
   * may have come between marking them and enqueuing their tasks; task ids are deterministic, so a task that is
   * there is not doubled.
   */
  readonly again: boolean;
  readonly now: Date;
}

/**
 * Gives the places that are free to calls that wait, those first whose companies have waited longest for their
 * turn: at most `calls_in_flight` of a source (its additional_params; 8 unless told) are enqueued or running, so
 * that one slow source leaves the queue to the others; at most `calls_per_day` are made a day, and the calls beyond
 * them are skipped; and a source that is down gets its probes only.
 *
 * @returns the tasks to enqueue; none where the task is not running in that attempt.
 */
export async function releaseCalls(db: TransactionalDatabase, release: Release): Promise<Task[]> {
  const { taskId, attempt } = release;
  const { tasks, end } = await db.transaction(async (connection) => {
    const task = await lockRunningTask(connection, taskId, attempt);
    if (task === undefined) return { tasks: [] };
    const { released, end } = await giveOut(connection, task.dataSourceId, release);
    const companies = release.again ? await selectCompanies(connection, ENQUEUED_CALLS, [taskId]) : released;
    const tasks = companies.map((companyId) =>
      mineCompanyTask({ taskId, attempt, companyId }, task.runSeconds),
    );
    return { tasks, end };
  });
  logTaskEnd(end);
  return tasks;
}

async function giveOut(connection: Database, sourceId: number, { taskId, now }: Release) {
  const { places, isProbe, isUsedUp } = await readAdmission(connection, taskId, now);
  if (isUsedUp) {
    const day = now.toISOString().slice(0, 10);
    await connection.query(SKIP_CALLS, [taskId, now, `The source's calls of ${day} are used up`]);
    return { released: [], end: await completeTask(connection, taskId, now) };
  }
  if (places === 0) return { released: [] };
  if (!isProbe) return { released: await selectCompanies(connection, RELEASE_CALLS, [taskId, places, now]) };
  const released = await startProbe(connection, { sourceId, taskId, now }, () =>
    selectRow(connection, releasedCall, RELEASE_CALLS, [taskId, places, now]),
  );
  return { released: released === undefined ? [] : [released.company_id] };
}

const releasedCall = z.object({ id: z.string(), company_id: z.number().nullable() });

// Reads mining_call_waiting_idx. The task's lock keeps two of these from filling the same places.
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

const SKIP_CALLS = `
  update pipeline.mining_call
     set state = 'SKIPPED', ended_at = $2, error_type = 'QuotaUsedUp', error_text = $3
   where task_id = $1 and state = 'WAITING'`;

// Reads mining_call_open_idx.
const ENQUEUED_CALLS = `
  select company_id from pipeline.mining_call where task_id = $1 and state = 'ENQUEUED' order by id`;

const companyOfCall = z.object({ company_id: z.number().nullable() });

async function selectCompanies(connection: Database, text: string, values: readonly unknown[]) {
  const rows = await selectRows(connection, companyOfCall, text, values);
  return rows.map((row) => row.company_id);
}
