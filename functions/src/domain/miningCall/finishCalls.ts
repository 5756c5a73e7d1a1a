import { z } from "zod";
import { storedReason } from "../../platform/errorText.ts";
import { logEvent } from "../../platform/log.ts";
import { correlationOf } from "../../platform/logContext.ts";
import { type Database, selectRow, selectRows, type TransactionalDatabase } from "../../platform/postgres.ts";
import type { CallResult } from "./miningCall.ts";
import { completeTask, lockRunningTask, logTaskEnd } from "./runningTask.ts";
import type { CallVerdict } from "./sourceHealth/breaker.ts";
import { logHealthChange, recordVerdicts } from "./sourceHealth/recordVerdicts.ts";

export interface FinishedCalls {
  readonly taskId: number;
  /** The scheduled task's attempt that the results belong to, if the reporter knows it. */
  readonly attempt?: number | undefined;
  readonly results: readonly CallResult[];
  /** The report says that the whole task is over: no more calls are to come. */
  readonly wholeTask?: boolean;
  readonly now: Date;
}

/**
 * Ends mining calls, and the task with them if they were its last. A call that has ended stays as it is, so a second
 * report changes nothing. What the calls say about their source moves its breaker.
 *
 * @returns false if the task is not running in that attempt; then nothing is changed
 */
export async function finishCalls(db: TransactionalDatabase, finished: FinishedCalls): Promise<boolean> {
  const { taskId, attempt, now } = finished;
  const done = await db.transaction(async (connection) => {
    const task = await lockRunningTask(connection, taskId, attempt);
    if (task === undefined) return undefined;
    const { dataSourceId: sourceId } = task;
    const calls = await endCalls(connection, finished, sourceId);
    const ended = calls.map((call) => ({ ...call, verdict: verdictOf(call) }));
    const change = await recordVerdicts(connection, { sourceId, ended, now });
    const run = await markSeen(connection, finished);
    const end = run?.fannedOut ? await completeTask(connection, taskId, now) : undefined;
    return { calls, end, sourceId, change };
  });
  if (done === undefined) return false;
  for (const { callId, companyId, state, attempt, durationMs, errorType } of done.calls) {
    const ids = { task: taskId, call: callId, source: done.sourceId, company: companyId };
    const correlation = correlationOf({ taskId });
    logEvent("call_ended", { correlation, ...ids, state, attempt, durationMs, errorType });
  }
  logHealthChange(done.sourceId, done.change);
  logTaskEnd(done.end);
  return true;
}

const endedCall = z.object({
  callId: z.string(),
  companyId: z.number().nullable(),
  state: z.string(),
  errorType: z.string().nullable(),
  errorText: z.string().nullable(),
  isSourceFault: z.boolean(),
  isCertain: z.boolean(),
  workedBefore: z.boolean(),
  attempt: z.number(),
  durationMs: z.number().nullable(),
});

type EndedCall = z.output<typeof endedCall>;

// Both branches of `ending` are look-ups in mining_call_task_id_company_id_key.
const END_CALLS = `
  with result as (
    select * from unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::boolean[], $8::boolean[])
      as r (company_id, state, error_type, error_text, is_source_fault, is_certain)
  ), ending as (
    select c.id, r.state, r.error_type, r.error_text, r.is_source_fault, r.is_certain
      from result r
      join pipeline.mining_call c on c.task_id = $1 and c.company_id = r.company_id
    union all
    select c.id, r.state, r.error_type, r.error_text, r.is_source_fault, r.is_certain
      from result r
      join pipeline.mining_call c on c.task_id = $1 and c.company_id is null
     where r.company_id is null
  ), ended as (
    update pipeline.mining_call c
       set state = ending.state::pipeline.call_state,
           error_type = ending.error_type,
           error_text = ending.error_text,
           ended_at = $7
      from ending
     where c.id = ending.id and c.state in ('WAITING', 'ENQUEUED', 'RUNNING')
    returning c.id, c.company_id, c.state, c.error_type, c.error_text, c.attempt, ending.is_source_fault,
              ending.is_certain, c.started_at, c.ended_at
  ), worked as (
    update pipeline.company_turn turn
       set worked_at = $7
      from ended
     where turn.data_source_id = $9 and turn.company_id = ended.company_id and ended.state = 'SUCCEEDED'
  )
  select ended.id::text as call_id, ended.company_id, ended.state::text, error_type, error_text, attempt,
         is_source_fault, is_certain,
         -- A source that no company ever worked at has only its failures to be judged by.
         turn.worked_at is not null or not exists (
           select from pipeline.company_turn one where one.data_source_id = $9 and one.worked_at is not null
         ) as worked_before,
         (extract(epoch from ended_at - started_at) * 1000)::float8 as duration_ms
    from ended
    left join pipeline.company_turn turn
      on turn.data_source_id = $9 and turn.company_id = ended.company_id
   order by ended.id`;

async function endCalls(
  connection: Database,
  { taskId, results, now }: FinishedCalls,
  sourceId: number,
): Promise<readonly EndedCall[]> {
  if (results.length === 0) return [];
  return selectRows(connection, endedCall, END_CALLS, [
    taskId,
    results.map(({ companyId }) => companyId),
    results.map(({ state }) => state),
    results.map(({ errorType }) => errorType ?? null),
    results.map(({ errorText }) => (errorText === undefined ? null : storedReason(errorText))),
    results.map(({ isSourceFault }) => isSourceFault ?? false),
    now,
    results.map(({ isCertain }) => isCertain ?? true),
    sourceId,
  ]);
}

function verdictOf({ state, isSourceFault, isCertain, workedBefore }: EndedCall): CallVerdict {
  if (state === "SUCCEEDED") return "SUCCESS";
  if (!isSourceFault) return "NOTHING";
  return isCertain || workedBefore ? "SOURCE_FAULT" : "SUSPECT";
}

const seenTask = z.object({ fannedOut: z.boolean() });

const MARK_SEEN = `
  insert into pipeline.task_run as run (task_id, last_seen_at, fanned_out) values ($1, $2, $3)
  on conflict (task_id) do update
     set last_seen_at = greatest(run.last_seen_at, excluded.last_seen_at),
         fanned_out = run.fanned_out or excluded.fanned_out
  returning fanned_out`;

function markSeen(connection: Database, { taskId, wholeTask, now }: FinishedCalls) {
  return selectRow(connection, seenTask, MARK_SEEN, [taskId, now, wholeTask ?? false]);
}
