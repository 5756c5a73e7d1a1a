import { z } from "zod";
import type { TaskAttempt } from "../../domain/miningCall/miningCall.ts";
import { isPaused } from "../../domain/miningCall/sourceHealth/sourcePause.ts";
import { type Database, selectRows } from "../../platform/postgres.ts";

const claimedTask = z.object({ taskId: z.number(), attempt: z.number() });

// One task of each source that has none running and is not paused, ON_DEMAND before REGULAR. Reads
// scheduled_task_open_idx. SKIP LOCKED passes over a row that the web application is just deleting. Only the tick's
// lock, under which this runs, keeps a source from getting two tasks; row locks could not.
const CLAIM_DUE_TASKS = `
  with next as (
    select distinct on (data_source_id) task_id
      from scheduled_task
     where status = 'PENDING' and scheduled_at <= $1
       and data_source_id not in (select data_source_id from scheduled_task where status = 'PROCESSING')
       and not ${isPaused("scheduled_task.data_source_id")}
     order by data_source_id, schedule_type = 'ON_DEMAND' desc, scheduled_at, task_id
  ), due as (
    select task_id from scheduled_task
     where task_id in (select task_id from next) and status = 'PENDING'
       for no key update skip locked
  ), claimed as (
    update scheduled_task t
       set status = 'PROCESSING', started_at = $1, ended_at = null, attempts = t.attempts + 1,
           -- The web application gives every run on demand 300 s, also of a source that takes longer.
           max_run_seconds = case t.schedule_type
             when 'ON_DEMAND' then greatest(t.max_run_seconds, d.max_run_seconds) else t.max_run_seconds end
      from due, data_source d
     where t.task_id = due.task_id and d.id = t.data_source_id
    returning t.task_id, t.attempts
  ), run as (
    insert into pipeline.task_run (task_id, last_seen_at, fanned_out)
    select task_id, $1, false from claimed
    on conflict (task_id) do update set last_seen_at = excluded.last_seen_at, fanned_out = false, refused = '{}'
  )
  select task_id, attempts as attempt from claimed order by task_id`;

/** Marks the tasks that are due as running, at most one of each source. */
export function claimDueTasks(connection: Database, now: Date): Promise<TaskAttempt[]> {
  return selectRows(connection, claimedTask, CLAIM_DUE_TASKS, [now]);
}
