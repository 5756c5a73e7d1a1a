import { z } from "zod";
import { type Database, selectRow } from "../platform/postgres.ts";

// A result_summary is read by people, in one cell of a table.
const ERRORS_IN_SUMMARY = 100;

const outcome = z.object({
  companies: z.number(),
  failed: z.number(),
  warnings: z.number(),
  errors: z.record(
    z.string(),
    z.object({ error_type: z.string().nullable(), error_description: z.string().nullable() }),
  ),
});

const OUTCOME = `
  select count(*)::int as companies,
         count(*) filter (where state = 'FAILED')::int as failed,
         count(*) filter (where state = 'SUCCEEDED' and error_type is not null)::int as warnings,
         coalesce(
           (select jsonb_object_agg(
                     coalesce(company_id::text, 'all'),
                     jsonb_build_object('error_type', error_type, 'error_description', left(error_text, 500))
                   )
              from (select * from pipeline.mining_call
                     where task_id = $1 and error_type is not null
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

/**
 * Completes a task whose calls have all ended: FAILED where every company failed, else SUCCESS. The caller holds
 * the task's lock and knows that no more calls are to come.
 */
export async function completeTask(connection: Database, taskId: number, now: Date): Promise<void> {
  if (await hasOpenCalls(connection, taskId)) return;
  const result = await selectRow(connection, outcome, OUTCOME, [taskId]);
  if (result === undefined) return;
  const { companies, failed, warnings, errors } = result;
  await connection.query(COMPLETE_TASK, [
    taskId,
    companies > 0 && failed === companies ? "FAILED" : "SUCCESS",
    now,
    JSON.stringify({ companies, succeeded: companies - failed, failed, warnings, errors }),
  ]);
}

// Asked at the end of every call, so it must not count: mining_call_open_idx holds the open ones only.
const HAS_OPEN_CALLS = `
  select exists (
    select from pipeline.mining_call
     where task_id = $1 and state in ('WAITING', 'ENQUEUED', 'RUNNING')
  ) as open`;

async function hasOpenCalls(connection: Database, taskId: number): Promise<boolean> {
  const row = await selectRow(connection, z.object({ open: z.boolean() }), HAS_OPEN_CALLS, [taskId]);
  return row?.open ?? false;
}
