import { z } from "zod";
import { type Database, selectRows } from "../platform/postgres.ts";

/** How often a task is started before it is given up. */
const TASK_ATTEMPTS = 3;

// Silent for longer than it may: no mining call has begun or ended since. SKIP LOCKED leaves alone what is being
// finished at this moment. The calls that are final stay; the next attempt runs the others.
const RECLAIM_OVERDUE_TASKS = `
  with overdue as (
    select t.task_id, t.attempts < ${TASK_ATTEMPTS} as again, t.max_run_seconds, t.attempts
      from scheduled_task t
      left join pipeline.task_run r on r.task_id = t.task_id
     where t.status = 'PROCESSING'
       and greatest(coalesce(t.started_at, t.scheduled_at), r.last_seen_at)
           + t.max_run_seconds * interval '1 second' < $1
       for no key update of t skip locked
  ), waiting_again as (
    update pipeline.mining_call c
       set state = 'WAITING'
      from overdue
     where overdue.again and c.task_id = overdue.task_id and c.state in ('ENQUEUED', 'RUNNING')
  ), given_up as (
    update pipeline.mining_call c
       set state = 'FAILED',
           ended_at = $1,
           error_type = coalesce(c.error_type, 'TaskOverdue'),
           error_text = coalesce(c.error_text, 'The task was given up before this company was done')
      from overdue
     where not overdue.again and c.task_id = overdue.task_id
       and c.state in ('WAITING', 'ENQUEUED', 'RUNNING')
    returning c.task_id
  ), ended as (
    select c.task_id,
           count(*) filter (where c.state = 'SUCCEEDED') as succeeded,
           count(*) filter (where c.state = 'FAILED') as failed
      from overdue join pipeline.mining_call c on c.task_id = overdue.task_id
     where not overdue.again
     group by c.task_id
  )
  update scheduled_task t
     set status = case when overdue.again then 'PENDING' else 'FAILED' end::task_status,
         ended_at = case when overdue.again then null else $1::timestamp(3) end,
         result_summary = case when not overdue.again then json_build_object(
           'reason', format(
             'Silent for more than %s s in attempt %s of ${TASK_ATTEMPTS}',
             overdue.max_run_seconds, overdue.attempts
           ),
           'succeeded', coalesce(ended.succeeded, 0),
           'failed', coalesce(ended.failed, 0)
             + (select count(*) from given_up where given_up.task_id = t.task_id)
         )::text end
    from overdue
    left join ended on ended.task_id = overdue.task_id
   where t.task_id = overdue.task_id
  returning overdue.again`;

/** Sets overdue tasks going again, or fails those that have had all their attempts. */
export async function reclaimOverdueTasks(
  connection: Database,
  now: Date,
): Promise<{ reclaimed: number; failed: number }> {
  const rows = await selectRows(connection, z.object({ again: z.boolean() }), RECLAIM_OVERDUE_TASKS, [now]);
  const reclaimed = rows.filter(({ again }) => again).length;
  return { reclaimed, failed: rows.length - reclaimed };
}
