import { z } from "zod";
import { IN_EMULATOR } from "../platform/config.ts";
import { type Database, selectRows, type TransactionalDatabase } from "../platform/postgres.ts";
import type { Task } from "../platform/taskQueue.ts";
import { lockRunningTask } from "./lockRunningTask.ts";
import { mineCompanyTask } from "./miningCall.ts";

// Modules run on one to ten small instances and serve a call synchronously, so more than this queues up there. The
// emulator starts a process for each of our functions' calls at a time, a second of a processor each.
const CALLS_IN_FLIGHT = IN_EMULATOR ? 2 : 8;

const sourceLimits = z.object({ calls_in_flight: z.number().int().min(1).max(1000) });

/**
 * Gives the places that are free to calls that wait: at most `calls_in_flight` of a source (its
 * additional_params; 8 unless told) are enqueued or running, so that one slow source leaves the queue to the
 * others.
 *
 * @param again also return the calls that were enqueued before. Whoever retries after a crash asks for them,
 *   because the crash may have come between marking them and enqueuing their tasks; task ids are deterministic,
 *   so a task that is there is not doubled.
 * @returns the tasks to enqueue; none where the task is not running in that attempt.
 */
export function releaseCalls(
  db: TransactionalDatabase,
  { taskId, attempt, again }: { taskId: number; attempt: number; again: boolean },
): Promise<Task[]> {
  return db.transaction(async (connection) => {
    const task = await lockRunningTask(connection, taskId, attempt);
    if (task === undefined) return [];
    const limits = sourceLimits.safeParse(task.additional_params);
    const places = limits.success ? limits.data.calls_in_flight : CALLS_IN_FLIGHT;
    const released = await selectCompanies(connection, RELEASE_CALLS, [taskId, places]);
    const companies = again ? await selectCompanies(connection, ENQUEUED_CALLS, [taskId]) : released;
    return companies.map((companyId) =>
      mineCompanyTask({ taskId, attempt, companyId }, task.max_run_seconds),
    );
  });
}

// All three look-ups read mining_call_open_idx. The task's lock keeps two of these from filling the same places.
const RELEASE_CALLS = `
  update pipeline.mining_call
     set state = 'ENQUEUED'
   where id in (
     select id from pipeline.mining_call
      where task_id = $1 and state = 'WAITING'
      order by id
      limit greatest(0, $2 - (
        select count(*) from pipeline.mining_call where task_id = $1 and state in ('ENQUEUED', 'RUNNING')
      ))
   )
  returning company_id`;

const ENQUEUED_CALLS = `
  select company_id from pipeline.mining_call where task_id = $1 and state = 'ENQUEUED' order by id`;

async function selectCompanies(connection: Database, text: string, values: readonly unknown[]) {
  const rows = await selectRows(connection, z.object({ company_id: z.number().nullable() }), text, values);
  return rows.map((row) => row.company_id);
}
