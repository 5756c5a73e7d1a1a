import { z } from "zod";
import { isPaused } from "../../domain/miningCall/sourceHealth/sourcePause.ts";
import { HOURS_TO_WAIT_FOR_SOURCE, silentSeconds, stateModels } from "../../domain/state/stateModels.ts";
import { type Database, selectRows } from "../../platform/postgres.ts";

const { attempts } = stateModels.scheduledTask;

const reclaimedTask = z.object({ again: z.boolean() });

// A task is overdue once it has been silent for longer than it may: no mining call began or ended. A task whose calls
// wait for its source to come up again, or for the end of a pause, is silent without being lost and keeps its
// attempts. SKIP LOCKED passes over tasks that are just being finished. Final calls stay; the next attempt runs the
// others, whose tries are counted from 0 again. Reads scheduled_task_open_idx, and mining_call_open_idx for each
// running task.
const RECLAIM_OVERDUE_TASKS = `
  with overdue as (
    select t.task_id,
           t.attempts < ${attempts} and not s.waits_for_source as again,
           case when s.waits_for_source then 'SourceDown' else 'TaskOverdue' end as error_type,
           case when s.waits_for_source
             then format('The source has been down for ${HOURS_TO_WAIT_FOR_SOURCE} h: %s', b.last_error_text)
             else format('Silent for more than %s s in attempt %s of ${attempts}', ${silentSeconds("t")}, t.attempts)
           end as reason
      from scheduled_task t
      left join pipeline.task_run r on r.task_id = t.task_id
      left join pipeline.source_breaker b on b.data_source_id = t.data_source_id
      cross join lateral (
        select coalesce(t.started_at, t.scheduled_at) as started_at,
               coalesce(
                 b.state = 'OPEN' and r.fanned_out
                 and exists (select from pipeline.mining_call c where c.task_id = t.task_id and c.state = 'WAITING'),
                 false
               ) as waits_for_source
      ) as s
     where t.status = 'PROCESSING' and not ${isPaused("t.data_source_id")}
       and case when s.waits_for_source
             then greatest(s.started_at, b.down_since) + interval '${HOURS_TO_WAIT_FOR_SOURCE} hours'
             else greatest(s.started_at, r.last_seen_at) + ${silentSeconds("t")} * interval '1 second'
           end < $1
       for no key update of t skip locked
  ), waiting_again as (
    update pipeline.mining_call c
       set state = 'WAITING', attempt = 0, runs_alone = c.runs_alone or c.state = 'RUNNING'
      from overdue
     where overdue.again and c.task_id = overdue.task_id and c.state in ('ENQUEUED', 'RUNNING')
  ), given_up as (
    update pipeline.mining_call c
       set state = 'FAILED',
           ended_at = $1,
           error_type = coalesce(c.error_type, overdue.error_type),
           error_text = coalesce(
             c.error_text, 'The task was given up before this company was done: ' || overdue.reason
           )
      from overdue
     where not overdue.again and c.task_id = overdue.task_id
       and c.state in ('WAITING', 'ENQUEUED', 'RUNNING')
    returning c.task_id
  ), ended as (
    select c.task_id,
           count(*) filter (where c.state = 'SUCCEEDED') as succeeded,
           count(*) filter (where c.state = 'FAILED') as failed,
           count(*) filter (where c.state = 'SKIPPED') as skipped
      from overdue join pipeline.mining_call c on c.task_id = overdue.task_id
     where not overdue.again
     group by c.task_id
  )
  update scheduled_task t
     set status = case when overdue.again then 'PENDING' else 'FAILED' end::task_status,
         ended_at = case when overdue.again then null else $1::timestamp(3) end,
         result_summary = case when not overdue.again then json_build_object(
           'reason', overdue.reason,
           'succeeded', coalesce(ended.succeeded, 0),
           'failed', coalesce(ended.failed, 0)
             + (select count(*) from given_up where given_up.task_id = t.task_id),
           'skipped', coalesce(ended.skipped, 0)
         )::text end
    from overdue
    left join ended on ended.task_id = overdue.task_id
   where t.task_id = overdue.task_id
  returning overdue.again`;

/** Has overdue tasks tried again, or fails those that have had all their attempts or waited too long. */
export async function reclaimOverdueTasks(
  connection: Database,
  now: Date,
): Promise<{ reclaimed: number; failed: number }> {
  const rows = await selectRows(connection, reclaimedTask, RECLAIM_OVERDUE_TASKS, [now]);
  const reclaimed = rows.filter(({ again }) => again).length;
  return { reclaimed, failed: rows.length - reclaimed };
}
