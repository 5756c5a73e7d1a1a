import { z } from "zod";
import { type Database, selectRows } from "../../platform/postgres.ts";
import type { Task } from "../../platform/taskQueue.ts";
import { probeIsDue } from "../sourceHealth/admission.ts";
import { isPaused } from "../sourceHealth/sourcePause.ts";
import { releaseTask } from "./mineSourceTask.ts";

const attemptOfTask = z.object({ task_id: z.number(), attempts: z.number() });

// There is one breaker a source; the rest are look-ups in scheduled_task_open_idx and mining_call_open_idx.
const DUE_PROBES = `
  select t.task_id, t.attempts
    from pipeline.source_breaker b
    join scheduled_task t on t.data_source_id = b.data_source_id and t.status = 'PROCESSING'
   where ${probeIsDue("$1")} and not ${isPaused("b.data_source_id")}
     and exists (select from pipeline.mining_call c where c.task_id = t.task_id and c.state = 'WAITING')
   order by t.task_id`;

/**
 * The sources that are down and not paused, whose next probe is due, and that have a call waiting to be it.
 *
 * @returns tasks for `mineSource`, which lets the probes through. Done twice, it lets one through.
 */
export async function dueProbes(connection: Database, now: Date): Promise<Task[]> {
  const rows = await selectRows(connection, attemptOfTask, DUE_PROBES, [now]);
  return rows.map((row) => releaseTask({ taskId: row.task_id, attempt: row.attempts }, now));
}
