import { z } from "zod";
import { logEvent } from "../../platform/log.ts";
import { correlationOf } from "../../platform/logContext.ts";
import { type Database, selectRow } from "../../platform/postgres.ts";

// A result_summary is read by people, in one cell of a table.
const ERRORS_IN_SUMMARY = 100;

const outcome = z.object({
  companies: z.number(),
  failed: z.number(),
  skipped: z.number(),
  warnings: z.number(),
  errors: z.record(
    z.string(),
    z.object({ error_type: z.string().nullable(), error_description: z.string().nullable() }),
  ),
});

const OUTCOME = `
  select count(*)::int as companies,
         count(*) filter (where state = 'FAILED')::int as failed,
         count(*) filter (where state = 'SKIPPED')::int as skipped,
         count(*) filter (where state = 'SUCCEEDED' and error_type is not null)::int as warnings,
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
export type TaskEnd = Pick<z.output<typeof outcome>, "companies" | "failed" | "skipped" | "warnings"> & {
  readonly task: number;
  readonly state: "SUCCESS" | "FAILED";
};

/** Logs how a task ended, once that is committed. */
export function logTaskEnd(end: TaskEnd | undefined): void {
  if (end !== undefined) logEvent("task_ended", { ...end, correlation: correlationOf({ taskId: end.task }) });
}

/**
 * Completes a task whose calls have all ended: FAILED where every company that was tried failed, else SUCCESS. The
 * caller holds the task's lock and knows that no more calls are to come.
 *
 * @returns how it ended, for {@link logTaskEnd}; undefined where calls are open
 */
export async function completeTask(
  connection: Database,
  taskId: number,
  now: Date,
): Promise<TaskEnd | undefined> {
  if (await hasOpenCalls(connection, taskId)) return undefined;
  const result = await selectRow(connection, outcome, OUTCOME, [taskId]);
  if (result === undefined) return undefined;
  const { companies, failed, skipped, warnings, errors } = result;
  const succeeded = companies - failed - skipped;
  const state = failed > 0 && succeeded === 0 ? "FAILED" : "SUCCESS";
  await connection.query(COMPLETE_TASK, [
    taskId,
    state,
    now,
    JSON.stringify({ companies, succeeded, failed, skipped, warnings, errors }),
  ]);
  return { task: taskId, state, companies, failed, skipped, warnings };
}

const openOrNot = z.object({ open: z.boolean() });

// Asked at the end of every call, so it must not count: mining_call_open_idx holds the open ones only.
const HAS_OPEN_CALLS = `
  select exists (
    select from pipeline.mining_call
     where task_id = $1 and state in ('WAITING', 'ENQUEUED', 'RUNNING')
  ) as open`;

async function hasOpenCalls(connection: Database, taskId: number): Promise<boolean> {
  const row = await selectRow(connection, openOrNot, HAS_OPEN_CALLS, [taskId]);
  return row?.open ?? false;
}
