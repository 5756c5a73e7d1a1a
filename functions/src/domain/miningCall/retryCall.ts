import { storedReason } from "../../platform/errorText.ts";
import type { Database } from "../../platform/postgres.ts";

// All are key look-ups. A call that its module has reported meanwhile keeps that report. A call that was delivered
// twice at once may be ENQUEUED already, to run alone. A probe is not retried: its breaker has a pause of its own.
const RETRY_CALL = `
  with call as (
    update pipeline.mining_call
       set state = 'ENQUEUED', enqueued_at = $5, ended_at = $5, error_type = $3, error_text = $4
     where id = $1 and state in ('RUNNING', 'ENQUEUED')
       and not exists (select from pipeline.source_breaker where probe_call_id = $1 and state = 'PROBING')
    returning task_id
  ), seen as (
    update pipeline.task_run set last_seen_at = greatest(last_seen_at, $5) where task_id = $2
  )
  select from call`;

/**
 * Puts a call back for another try, with the reason. The end of a try is a sign of life of its task.
 *
 * @returns false if the call has ended meanwhile, or is a probe
 */
export async function retryCall(
  db: Database,
  failure: { taskId: number; callId: string; errorType: string; errorText: string; now: Date },
): Promise<boolean> {
  const { taskId, callId, errorType, errorText, now } = failure;
  const { rowCount } = await db.query(RETRY_CALL, [callId, taskId, errorType, storedReason(errorText), now]);
  return rowCount === 1;
}

// A module that asks for more is asked once an hour whether it still means it; after a day it has failed.
export const MAX_WAIT_SECONDS = 3600;
const MAX_HOURS_OF_WAITING = 24;

// As RETRY_CALL. The try does not count, and until its time the call is neither lost nor its task silent.
const MAKE_CALL_WAIT = `
  with call as (
    update pipeline.mining_call
       set state = 'ENQUEUED', attempt = attempt - 1, enqueued_at = $6, ended_at = $5, error_type = $3, error_text = $4,
           told_to_wait_at = coalesce(told_to_wait_at, $5)
     where id = $1 and state = 'RUNNING'
       and coalesce(told_to_wait_at, $5) > $5::timestamp(3) - interval '${MAX_HOURS_OF_WAITING} hours'
       and not exists (select from pipeline.source_breaker where probe_call_id = $1 and state = 'PROBING')
    returning task_id
  ), seen as (
    update pipeline.task_run set last_seen_at = greatest(last_seen_at, $6)
     where task_id = $2 and exists (select from call)
  )
  select from call`;

/**
 * Puts a call back until its module wants to be called again. Being told to wait is no attempt.
 *
 * @returns false if the call has ended meanwhile, is a probe, or has waited for a day
 */
export async function makeCallWait(
  db: Database,
  told: { taskId: number; callId: string; errorType: string; errorText: string; now: Date; until: Date },
): Promise<boolean> {
  const { taskId, callId, errorType, errorText, now, until } = told;
  const values = [callId, taskId, errorType, storedReason(errorText), now, until];
  const { rowCount } = await db.query(MAKE_CALL_WAIT, values);
  return rowCount === 1;
}
