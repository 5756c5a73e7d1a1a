import { z } from "zod";
import { logEvent } from "../../platform/log.ts";
import { correlationOf } from "../../platform/logContext.ts";
import { type Database, selectRow } from "../../platform/postgres.ts";
import { tellOperators } from "../message/tellOperators.ts";
import { runSeconds } from "../state/stateModels.ts";
import { NOTHING_DONE } from "./miningCall.ts";

const runningTask = z.object({
  attempts: z.number(),
  runSeconds: z.number(),
  dataSourceId: z.number(),
});

// Everything that changes a running task takes this lock first, so that all agree on which of its calls is the last.
// NO KEY: calls that refer to the task may be inserted meanwhile.
const LOCK_RUNNING_TASK = `
  select t.attempts, ${runSeconds("t")} as run_seconds, t.data_source_id
    from scheduled_task t
   where t.task_id = $1 and t.status = 'PROCESSING' and t.attempts = coalesce($2, t.attempts)
     for no key update`;

/** Locks a task that is running in `attempt` (in any, if undefined) until the transaction ends. */
export function lockRunningTask(connection: Database, taskId: number, attempt: number | undefined) {
  return selectRow(connection, runningTask, LOCK_RUNNING_TASK, [taskId, attempt ?? null]);
}

// People read result_summary in one cell of a table.
const ERRORS_IN_SUMMARY = 100;

const taskCounts = z.object({
  companies: z.number(),
  failed: z.number(),
  unknown: z.number(),
  silentSource: z.string().nullable(),
  missed: z.number(),
  skipped: z.number(),
  warnings: z.number(),
  refused: z.array(z.string()),
  errors: z.record(
    z.string(),
    z.object({ error_type: z.string().nullable(), error_description: z.string().nullable() }),
  ),
});

// Documents that came in the task's time, by raw_document_changed_idx. One that a module wrote itself names its task
// and source only once it is read. A built-in module that has nothing new is silent by design.
const COUNT_CALLS = `
  with silent as (
    select d.source_name as name
      from scheduled_task t
      join data_source d on d.id = t.data_source_id
     where t.task_id = $1 and d.invocation_endpoint not like 'builtin:%'
       and exists (
         select from pipeline.mining_call c
          where c.task_id = $1 and (c.state = 'SUCCEEDED' or c.error_type = '${NOTHING_DONE}'))
       and not exists (
         select from pipeline.raw_document document
          where document.data_source_id = d.id and document.state_since >= t.scheduled_at
            and document.task_id = $1)
       and not exists (
         select from pipeline.raw_document document
          where document.data_source_id is null and document.state_since >= t.scheduled_at)
  )
  select count(*)::int as companies,
         count(*) filter (where state = 'FAILED')::int as failed,
         count(*) filter (where state = 'SKIPPED')::int as skipped,
         count(*) filter (where state = 'FAILED' and error_type = 'NoIdentifiers')::int as unknown,
         (select name from silent) as silent_source,
         -- The slots between this run and the one before, by scheduled_task_source_idx.
         (select count(*)::int
            from scheduled_task t
            join data_source d on d.id = t.data_source_id
            cross join lateral (
              select max(ran.slot) as slot from scheduled_task ran
               where ran.data_source_id = t.data_source_id and ran.slot < t.slot
            ) as before
            cross join lateral (
              select case d.frequency when 'HOURLY' then interval '1 hour' when 'DAILY' then interval '1 day'
                          when 'WEEKLY' then interval '7 days' else interval '1 month' end as step
            ) as frequency
            cross join lateral generate_series(before.slot + step, t.slot - step / 2, step) as missed
           where t.task_id = $1) as missed,
         count(*) filter (where state = 'SUCCEEDED' and error_type is not null)::int as warnings,
         coalesce((select refused from pipeline.task_run where task_id = $1), '{}') as refused,
         coalesce(
           (select jsonb_object_agg(
                     coalesce(company_id::text, 'all'),
                     jsonb_build_object('error_type', error_type, 'error_description', left(error_text, 500))
                   )
              from (select * from pipeline.mining_call
                     where task_id = $1 and error_type is not null and state <> 'SKIPPED'
                     order by state desc, id
                     limit ${ERRORS_IN_SUMMARY}) as first_errors),
           '{}'
         ) as errors
    from pipeline.mining_call
   where task_id = $1`;

const COMPLETE_TASK = `
  update scheduled_task
     set status = $2::task_status, ended_at = $3, result_summary = $4
   where task_id = $1 and status = 'PROCESSING'`;

/** How a task ended. */
export interface TaskEnd
  extends Omit<z.output<typeof taskCounts>, "errors" | "refused" | "unknown" | "silentSource" | "missed"> {
  readonly task: number;
  readonly state: "SUCCESS" | "FAILED";
}

/** Logs how a task ended. Call it once the transaction is committed. */
export function logTaskEnd(end: TaskEnd | undefined): void {
  if (end !== undefined) logEvent("task_ended", { ...end, correlation: correlationOf({ taskId: end.task }) });
}

/**
 * Completes a task once all its calls have ended: FAILED if every company that was tried failed, otherwise SUCCESS.
 * The caller holds the task's lock and knows that it is fanned out.
 *
 * @returns how it ended, for {@link logTaskEnd}; undefined while calls are open
 */
export async function completeTask(
  connection: Database,
  taskId: number,
  now: Date,
): Promise<TaskEnd | undefined> {
  const { rowCount: open } = await connection.query(OPEN_CALL, [taskId]);
  if (open !== 0) return undefined;
  const result = await selectRow(connection, taskCounts, COUNT_CALLS, [taskId]);
  if (result === undefined) return undefined;
  const { companies, failed, unknown, skipped, warnings, errors, refused, silentSource, missed } = result;
  const succeeded = companies - failed - skipped;
  // A company that the source does not know is no failure of the run.
  const state = failed > unknown && succeeded === 0 ? "FAILED" : "SUCCESS";
  await connection.query(COMPLETE_TASK, [
    taskId,
    state,
    now,
    JSON.stringify({
      companies,
      succeeded,
      failed,
      skipped,
      warnings,
      errors,
      // What a CRM fed that is no company.
      ...(refused.length === 0 ? {} : { refused }),
      // Runs that were never made: the schedule stood still, or the source was inactive or down.
      ...(missed === 0 ? {} : { missedRunsBefore: missed }),
    }),
  ]);
  if (silentSource !== null)
    await tellOfSilence(connection, { taskId, sourceName: silentSource, companies }, now);
  return { task: taskId, state, companies, failed, skipped, warnings };
}

function tellOfSilence(
  connection: Database,
  { taskId, sourceName, companies }: { taskId: number; sourceName: string; companies: number },
  now: Date,
): Promise<unknown> {
  const calls = companies === 1 ? "its one call" : `its ${companies} calls`;
  return tellOperators(
    connection,
    {
      key: `task-silent-${taskId}`,
      subject: `Data source ${sourceName} delivered nothing`,
      body: `Run ${taskId} of data source ${sourceName} is over, and none of ${calls} brought a raw document. See what its module answered in the run's summary.`,
    },
    now,
  );
}

// Asked at the end of every call, so it must not count: mining_call_open_idx holds the open ones only.
const OPEN_CALL = `
  select from pipeline.mining_call
   where task_id = $1 and state in ('WAITING', 'ENQUEUED', 'RUNNING')
   limit 1`;
