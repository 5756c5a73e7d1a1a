import { z } from "zod";
import { type Database, selectRow, selectRows } from "../../../platform/postgres.ts";

/** What stands still, is held up or is wrong at this moment. */

const instant = z.date().nullable();
const oldestRow = z.object({
  schedule: instant,
  mine: instant,
  normalize: instant,
  analyze: instant,
  notify: instant,
  report: instant,
});

// Each by its index of what is open: scheduled_task_open_idx, raw_document_open_idx, delivery_open_idx. A call says only
// when it was enqueued, so those that wait count from the beginning of their task.
const OLDEST = `
  select (select min(scheduled_at) from scheduled_task where status = 'PENDING' and scheduled_at <= $1) as schedule,
         (select min(started_at) from scheduled_task task
           where status = 'PROCESSING'
             and exists (
               select from pipeline.mining_call call
                where call.task_id = task.task_id and call.state in ('WAITING', 'ENQUEUED', 'RUNNING'))) as mine,
         (select min(state_since) from pipeline.raw_document where state = 'RECEIVED') as normalize,
         (select min(state_since) from pipeline.raw_document where state = 'NORMALIZED') as analyze,
         (select min(send_after) from pipeline.delivery
           where state in ('PENDING', 'SENDING') and kind <> 'REPORT' and send_after <= $1) as notify,
         (select min(send_after) from pipeline.delivery
           where state in ('PENDING', 'SENDING') and kind = 'REPORT' and send_after <= $1) as report`;

/** Since when the oldest of each stage waits; a stage in which nothing does is left out. */
export async function oldestWaiting(
  db: Database,
  now: Date,
): Promise<{ stage: string; since: Date; seconds: number }[]> {
  const row = await selectRow(db, oldestRow, OLDEST, [now]);
  return Object.entries(row ?? {}).flatMap(([stage, since]) =>
    since === null
      ? []
      : [{ stage, since, seconds: Math.max(0, Math.round((now.getTime() - since.getTime()) / 1000)) }],
  );
}

const pauseRow = z.object({ sourceId: z.int(), by: z.string(), reason: z.string(), since: z.date() });

const PAUSES = `
  select data_source_id as source_id, paused_by as by, reason, since
    from pipeline.source_pause where lifted_at is null order by since`;

/** The pauses of sources, with who made them. */
export function pauses(db: Database): Promise<z.output<typeof pauseRow>[]> {
  return selectRows(db, pauseRow, PAUSES);
}

const checkRow = z.object({
  name: z.string(),
  title: z.string(),
  severity: z.string(),
  state: z.string(),
  since: z.date(),
  failingCount: z.coerce.number(),
});

const CHECKS = `
  select name, title, severity::text, state::text, since, failing_count
    from pipeline.data_check
   where state <> 'PASSING'
   order by severity desc, name`;

/** The data checks that fail or do not work. */
export function failingChecks(db: Database): Promise<z.output<typeof checkRow>[]> {
  return selectRows(db, checkRow, CHECKS);
}

const refusalRow = z.object({
  work: z.string(),
  from: z.string(),
  to: z.string(),
  count: z.coerce.number(),
  lastAt: z.date(),
});

// Reads refused_transition_refused_at_idx.
const REFUSALS = `
  select work, from_state as "from", to_state as "to", count(*), max(refused_at) as last_at
    from pipeline.refused_transition
   where refused_at >= $1
   group by 1, 2, 3
   order by 1, 2, 3`;

/** The changes of state that were refused since a time. */
export function refusals(db: Database, since: Date): Promise<z.output<typeof refusalRow>[]> {
  return selectRows(db, refusalRow, REFUSALS, [since]);
}

const errorRow = z.object({
  dataSourceId: z.int(),
  type: z.string().nullable(),
  text: z.string().nullable(),
  company: z.int().nullable(),
  at: z.date(),
});

/** The last mining call of a source that failed, or ended with a warning. */
export interface LastError {
  readonly type: string | null;
  readonly text: string | null;
  /** Null where it is of no one company. */
  readonly company: number | null;
  readonly at: Date;
}

// Of each source's last tasks by scheduled_task_source_idx, their calls by mining_call_task_id_company_id_key. What is
// older is in the breaker, if it was the source's fault.
const LAST_ERRORS = `
  select source.id as data_source_id, error.error_type as type, error.error_text as text, error.company_id as company,
         error.ended_at as at
    from data_source source
    cross join lateral (
      select call.error_type, left(call.error_text, 2000) as error_text, call.company_id, call.ended_at
        from (
          select task_id from scheduled_task
           where data_source_id = source.id and started_at is not null
           order by scheduled_at desc
           limit 3
        ) task
        join pipeline.mining_call call using (task_id)
       where call.error_type is not null and call.ended_at is not null and call.state <> 'SKIPPED'
       order by call.ended_at desc
       limit 1
    ) error`;

/** The last error of each source's calls, by source. */
export async function lastErrors(db: Database): Promise<ReadonlyMap<number, LastError>> {
  const rows = await selectRows(db, errorRow, LAST_ERRORS);
  return new Map(rows.map(({ dataSourceId, ...error }) => [dataSourceId, error]));
}

const moduleRequestRow = z.object({
  source: z.string(),
  kind: z.enum(["HANDSHAKE", "CRM_IMPORT"]),
  state: z.string(),
  attempts: z.int(),
  requestedAt: z.date(),
  endedAt: z.date().nullable(),
  result: z.unknown(),
  errorType: z.string().nullable(),
  errorText: z.string().nullable(),
});

// At most two rows a source.
const MODULE_REQUESTS = `
  select source.source_name as source, kind::text, state::text, attempt as attempts, requested_at, ended_at, result,
         error_type, error_text
    from pipeline.module_request
    join data_source source on source.id = data_source_id
   where state <> 'SUCCEEDED' or requested_at >= $1
   order by requested_at desc
   limit 50`;

/** What modules were asked for the web application: what is open or failed, and what was asked since a time. */
export function moduleRequests(db: Database, since: Date): Promise<z.output<typeof moduleRequestRow>[]> {
  return selectRows(db, moduleRequestRow, MODULE_REQUESTS, [since]);
}
