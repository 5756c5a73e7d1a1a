import { z } from "zod";
import type { MineCompanyPayload } from "../miningCall/miningCall.ts";
import { type Database, selectRow } from "../platform/postgres.ts";

const begunCall = z
  .object({
    call_id: z.string(),
    call_attempt: z.number(),
    max_run_seconds: z.number(),
    source_id: z.number(),
    source_name: z.string(),
    invocation_endpoint: z.string(),
    additional_params: z.unknown(),
    company_name: z.string().nullable(),
    link_id: z.number().nullable(),
    identifiers: z.array(z.object({ property: z.string(), value: z.string() })),
  })
  .transform((row) => ({
    callId: row.call_id,
    /** How many times the module has been tried for this company, this one included. */
    callAttempt: row.call_attempt,
    maxRunSeconds: row.max_run_seconds,
    source: {
      id: row.source_id,
      name: row.source_name,
      endpoint: row.invocation_endpoint,
      additionalParams: row.additional_params,
    },
    companyName: row.company_name,
    /** The row that links company and source, or null where the link is gone. */
    linkId: row.link_id,
    /** The company's identifiers at the source that are still valid. */
    identifiers: row.identifiers,
  }));

export type BegunCall = z.output<typeof begunCall>;

// Finds the call in mining_call_task_id_company_id_key, the identifiers in
// company_data_source_identifier_link_idx. A call that runs already may run again: its process may have died.
const BEGIN_CALL = `
  with call as (
    update pipeline.mining_call c
       set state = 'RUNNING', attempt = c.attempt + 1, started_at = $4, ended_at = null
      from scheduled_task t
     where t.task_id = $1 and t.attempts = $2 and t.status = 'PROCESSING'
       and c.task_id = t.task_id
       and (c.company_id = $3 or ($3::int is null and c.company_id is null))
       and c.state in ('ENQUEUED', 'RUNNING')
    returning c.id, c.attempt, t.data_source_id, t.max_run_seconds
  ), seen as (
    update pipeline.task_run set last_seen_at = $4 where task_id = $1 and exists (select from call)
  )
  select call.id::text as call_id, call.attempt as call_attempt, call.max_run_seconds,
         d.id as source_id, d.source_name, d.invocation_endpoint, d.additional_params,
         company.name as company_name,
         link.id as link_id,
         coalesce(
           (select jsonb_agg(jsonb_build_object('property', i.property, 'value', i.value) order by i.id)
              from company_data_source_identifier i
             where i.company_data_source_id = link.id and i.validity > $4),
           '[]'
         ) as identifiers
    from call
    join data_source d on d.id = call.data_source_id
    left join company on company.id = $3
    left join company_data_source link on link.data_source_id = d.id and link.company_id = $3`;

/**
 * Starts a try of a mining call, and reads everything that it needs. It is a sign of life of its task.
 *
 * @returns undefined where there is nothing to do: the call has ended, or the task runs in another attempt
 */
export function beginCall(
  db: Database,
  { taskId, attempt, companyId }: MineCompanyPayload,
  now: Date,
): Promise<BegunCall | undefined> {
  return selectRow(db, begunCall, BEGIN_CALL, [taskId, attempt, companyId, now]);
}
