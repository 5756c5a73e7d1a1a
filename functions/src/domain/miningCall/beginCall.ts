import { z } from "zod";
import { type Database, selectRow } from "../../platform/postgres.ts";
import { runSeconds, stateModels } from "../state/stateModels.ts";
import { type MineCompanyPayload, PROCESS_DIED } from "./miningCall.ts";

// What a module does not know today it seldom knows tomorrow, and every search costs it one.
const DAYS_WITHOUT_DISCOVERY = 30;

// For a source without a quota: the largest int4.
const MAX_CALLS = 2_147_483_647;

const begunCall = z
  .object({
    callId: z.string(),
    /** How many times it has been tried in this attempt of the task, this one included. */
    callAttempt: z.number(),
    runSeconds: z.number(),
    sourceId: z.number(),
    sourceName: z.string(),
    invocationEndpoint: z.string(),
    additionalParams: z.unknown(),
    companyName: z.string().nullable(),
    /** The row that links company and source; null if the link is gone. */
    linkId: z.number().nullable(),
    /** The company's domains, the shared ones included. */
    domains: z.array(z.string()),
    /** The company's identifiers at the source that are still valid. */
    identifiers: z.array(z.object({ property: z.string(), value: z.string(), isDiscovered: z.boolean() })),
    /** Identifiers that were discovered once hold no longer. */
    hasExpired: z.boolean(),
    /** A call for the company has succeeded at the source once. */
    workedBefore: z.boolean(),
    isOnDemand: z.boolean(),
    /** The source has shaken hands: what it delivers has measurements. */
    hasMap: z.boolean(),
    /** The last discovery under the company's present name, if it found nothing. */
    failedDiscovery: z.object({ at: z.string(), reason: z.string() }).nullable(),
  })
  .transform(({ sourceId, sourceName, invocationEndpoint, additionalParams, ...call }) => ({
    ...call,
    source: { id: sourceId, name: sourceName, endpoint: invocationEndpoint, additionalParams },
  }));

export type BegunCall = z.output<typeof begunCall>;

/** A call that is not tried here: it is to run alone, or its tries or the source's calls of the day are used up. */
const refusedCall = z
  .object({
    /** TRY: it would be tried if the day's quota left a call. EARLY: its module asked to be called later. */
    next: z.enum(["TRY", "ALONE", "TRIED_UP", "EARLY"]),
    runSeconds: z.number(),
    tries: z.number(),
    callsPerDay: z.number().nullable(),
    /** Another process may be trying it at this moment. */
    isRunning: z.boolean(),
    errorType: z.string().nullable(),
    errorText: z.string().nullable(),
  })
  .transform(({ errorType, errorText, ...call }) => ({
    ...call,
    /** Why its last try failed, if there was one. */
    lastFailure: errorType === null ? undefined : { errorType, errorText: errorText ?? errorType },
  }));

export type RefusedCall = z.output<typeof refusedCall>;

const beginning = z.union([
  begunCall.transform((call) => ({ call, refused: undefined })),
  refusedCall.transform((refused) => ({ call: undefined, refused })),
]);

// Finds the call in mining_call_task_id_company_id_key, the identifiers in company_data_source_identifier_link_idx.
// A call that is RUNNING already lost its process. Its neighbors in that process may be to blame, so the try is taken
// back, and the call runs alone from then on. The same statement counts the try, under the lock of the day's row: the
// call begins only if it could be counted, so no number of processes exceeds the quota.
const BEGIN_CALL = `
  with asked as (
    select c.id, c.attempt, c.started_at, t.data_source_id, died,
           case when died then '${PROCESS_DIED.type}' else c.error_type end as error_type,
           case when died then '${PROCESS_DIED.text}' else c.error_text end as error_text,
           ${runSeconds("t")} as run_seconds, t.schedule_type = 'ON_DEMAND' as is_on_demand,
           case when c.state = 'ENQUEUED' and c.told_to_wait_at is not null and c.enqueued_at > $4 then 'EARLY'
                when not $5::boolean and (died or c.runs_alone) then 'ALONE'
                when c.attempt >= ${stateModels.miningCall.attempts} then 'TRIED_UP'
                else 'TRY'
           end as next,
           pipeline.calls_per_day(d.additional_params) as calls_per_day
      from scheduled_task t
      join data_source d on d.id = t.data_source_id
      join pipeline.mining_call c on c.task_id = t.task_id
      cross join lateral (select c.state = 'RUNNING' as died) as last_try
     where t.task_id = $1 and t.attempts = $2 and t.status = 'PROCESSING'
       and (c.company_id = $3 or ($3::int is null and c.company_id is null))
       and c.state in ('ENQUEUED', 'RUNNING')
       for no key update of c
  ), goes_alone as (
    update pipeline.mining_call c
       set state = 'ENQUEUED', enqueued_at = $4, runs_alone = true, attempt = c.attempt - 1,
           error_type = asked.error_type, error_text = asked.error_text
      from asked
     where c.id = asked.id and asked.next = 'ALONE' and asked.died
  ), counted as (
    insert into pipeline.source_day as today (data_source_id, day, calls)
    select data_source_id, $4::timestamp(3)::date, 1 from asked where next = 'TRY' and calls_per_day is distinct from 0
    on conflict (data_source_id, day) do update set calls = today.calls + 1
     where today.calls < coalesce((select calls_per_day from asked), ${MAX_CALLS})
    returning today.data_source_id
  ), call as (
    update pipeline.mining_call c
       set state = 'RUNNING', attempt = c.attempt + 1, started_at = $4, ended_at = null,
           error_type = asked.error_type, error_text = asked.error_text
      from asked join counted using (data_source_id)
     where c.id = asked.id
    returning c.id, c.attempt
  ), seen as (
    update pipeline.task_run set last_seen_at = greatest(last_seen_at, $4) where task_id = $1 and exists (select from call)
  ), turn as (
    insert into pipeline.company_turn (data_source_id, company_id, turn_at)
    select counted.data_source_id, $3, $4 from counted where $3::int is not null
    on conflict (data_source_id, company_id) do update set turn_at = excluded.turn_at
  )
  select call.id::text as call_id, call.attempt as call_attempt, asked.run_seconds, asked.next,
         asked.attempt - (asked.next = 'ALONE' and asked.died)::int as tries, asked.calls_per_day,
         asked.error_type, asked.error_text,
         asked.died and asked.started_at + asked.run_seconds * interval '1 second' > $4 as is_running,
         d.id as source_id, d.source_name, d.invocation_endpoint, d.additional_params,
         company.name as company_name,
         link.id as link_id,
         coalesce(
           (select jsonb_agg(jsonb_build_object(
                     'property', i.property, 'value', i.value,
                     'isDiscovered', i.identifier_type = 'AUTOMATICALLY_DISCOVERED') order by i.id)
              from company_data_source_identifier i
             where i.company_data_source_id = link.id and i.validity > $4),
           '[]'
         ) as identifiers,
         exists (
           select from company_data_source_identifier i
            where i.company_data_source_id = link.id and i.validity <= $4
              and i.identifier_type = 'AUTOMATICALLY_DISCOVERED'
         ) as has_expired,
         array(select domain from pipeline.company_domain where company_id = $3 order by domain) as domains,
         exists (
           select from pipeline.company_turn turn
            where turn.data_source_id = d.id and turn.company_id = $3 and turn.worked_at is not null
         ) as worked_before,
         asked.is_on_demand,
         exists (select from source_measurement m where m.source_module_id = d.id) as has_map,
         (select jsonb_build_object('at', to_char(failed.failed_at, 'YYYY-MM-DD'), 'reason', failed.reason)
            from pipeline.failed_discovery failed
           where failed.data_source_id = d.id and failed.company_id = $3
             and failed.company_name = company.name
             and failed.failed_at > $4::timestamp(3) - ${DAYS_WITHOUT_DISCOVERY} * interval '1 day'
         ) as failed_discovery
    from asked
    left join call on call.id = asked.id
    join data_source d on d.id = asked.data_source_id
    left join company on company.id = $3
    left join company_data_source link on link.data_source_id = d.id and link.company_id = $3`;

/**
 * Starts a try of a mining call, if it has one left, and reads everything that it needs. The try is a sign of life of
 * its task, one of the source's calls of the day, and its company's turn.
 *
 * @param alone whether this process makes no other call
 * @returns the call, or why it is not tried here; undefined if there is nothing to do: the call has ended, or the task
 *   runs in another attempt
 */
export function beginCall(
  db: Database,
  { taskId, attempt, companyId }: MineCompanyPayload,
  { now, alone }: { now: Date; alone: boolean },
): Promise<z.output<typeof beginning> | undefined> {
  return selectRow(db, beginning, BEGIN_CALL, [taskId, attempt, companyId, now, alone]);
}
