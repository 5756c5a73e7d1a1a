import { z } from "zod";
import { isCrm } from "../../../domain/miningModule/crmCompany.ts";
import { ApiError } from "../../../platform/apiError.ts";
import { type Database, selectRow, selectRows } from "../../../platform/postgres.ts";
import { enqueueInPages, type OperationContext } from "../ops/operation.ts";
import { findSource } from "../ops/sources.ts";
import { type Backfill, processAgainTask, readBackfill } from "./backfill.ts";

/** What is wanted of a source's past. */
export interface BackfillRequest {
  readonly source: string;
  readonly mode: "MINE" | "PROCESS";
  readonly from: Date;
  /** Not itself in the range. */
  readonly to: Date;
  /**
   * These companies only. Without them, PROCESS takes all that have raw documents in the range, and MINE those that lack
   * something there.
   */
  readonly companies?: readonly number[] | undefined;
  /** MINE: all companies of the source, whatever they have. */
  readonly all?: boolean | undefined;
}

/**
 * Begins a backfill and enqueues its work. If interrupted, it is either gone as a whole or continues by itself: the sweep
 * enqueues the rest. A source has one backfill per mode at a time.
 *
 * @throws ApiError 404 where there is no such source, or nothing to do; 409 where one is under way; 422 for a range that
 *   ends before it begins
 */
export async function startBackfill(context: OperationContext, request: BackfillRequest): Promise<Backfill> {
  const { db, now } = context;
  if (request.from >= request.to) throw new ApiError("invalid_request", "The range ends before it begins");
  const source = await findSource(db, request.source);
  const { id, companies } = await db.transaction(async (connection) => {
    await connection.query(LOCK, [source.id]);
    const running = await selectRow(connection, idRow, RUNNING, [source.id, request.mode]);
    if (running !== undefined) {
      throw new ApiError(
        "conflict",
        `Backfill ${running.id} of ${source.name} is still running: cancel it, or wait`,
      );
    }
    const created = await selectRow(connection, idRow, CREATE, [
      request.mode,
      source.id,
      request.from,
      request.to,
      context.operator,
      now,
    ]);
    if (created === undefined) throw new Error("The insert returned no row");
    const companies =
      request.mode === "PROCESS"
        ? await addDocuments(connection, created.id, request)
        : await addTask(connection, { backfillId: created.id, source }, request, now);
    return { id: created.id, companies };
  });
  // A task runs with the next tick, as every task.
  if (request.mode === "PROCESS") {
    const tasks = companies.map((companyId) => processAgainTask({ backfillId: id, companyId }, 0));
    await enqueueInPages(context, "processAgain", tasks);
  }
  return readBackfill(db, id);
}

// Of two simultaneous requests, the second finds the first.
const LOCK = "select pg_advisory_xact_lock(hashtextextended('pipeline.backfill ' || $1::int, 0))";

const idRow = z.object({ id: z.coerce.number() });
const companyRow = z.object({ companyId: z.int() });

const RUNNING = `
  select id from pipeline.backfill_progress
   where data_source_id = $1 and mode = $2::text::pipeline.backfill_mode and state = 'RUNNING'
   limit 1`;

const CREATE = `
  insert into pipeline.backfill (mode, data_source_id, from_time, to_time, requested_by, created_at)
  values ($1::text::pipeline.backfill_mode, $2, $3, $4, $5, $6)
  returning id`;

// The same documents as processAgain takes: those that are still there. Reads raw_document_source_idx.
const ADD_DOCUMENTS = `
  insert into pipeline.backfill_company (backfill_id, company_id, documents)
  select backfill.id, document.company_id, count(*)
    from pipeline.backfill
    join pipeline.raw_document document
      on document.data_source_id = backfill.data_source_id
     and document.observed_at >= backfill.from_time and document.observed_at < backfill.to_time
     and document.received_at <= backfill.created_at
     and document.removed_at is null and document.values_removed_at is null
   where backfill.id = $1 and document.company_id is not null
     and ($2::int[] is null or document.company_id = any ($2))
   group by backfill.id, document.company_id
   order by document.company_id
  returning company_id`;

async function addDocuments(
  connection: Database,
  backfillId: number,
  { companies = null }: { companies?: BackfillRequest["companies"] | null },
): Promise<number[]> {
  const rows = await selectRows(connection, companyRow, ADD_DOCUMENTS, [backfillId, companies]);
  if (rows.length === 0) throw nothing("There is no raw document in this range");
  return rows.map((row) => row.companyId);
}

// What lacks something: no raw document of the range is there, or a call of a task in it failed or was left out. The
// tasks by scheduled_task_source_idx, a company's documents by raw_document_source_idx.
const ADD_COMPANIES = `
  with failed as (
    select distinct call.company_id
      from pipeline.backfill
      join scheduled_task task
        on task.data_source_id = backfill.data_source_id
       and task.scheduled_at >= backfill.from_time and task.scheduled_at < backfill.to_time
      join pipeline.mining_call call on call.task_id = task.task_id and call.state in ('FAILED', 'SKIPPED')
     where backfill.id = $1
  )
  insert into pipeline.backfill_company (backfill_id, company_id)
  select backfill.id, link.company_id
    from pipeline.backfill
    join company_data_source link on link.data_source_id = backfill.data_source_id
   where backfill.id = $1
     and case
           when $2::int[] is not null then link.company_id = any ($2)
           when $3 then true
           else link.company_id in (select company_id from failed)
             or not exists (
               select from pipeline.raw_document document
                where document.data_source_id = backfill.data_source_id and document.company_id = link.company_id
                  and document.observed_at >= backfill.from_time and document.observed_at < backfill.to_time)
         end
   order by link.company_id
  returning company_id`;

const ADD_TASK = `
  with task as (
    insert into scheduled_task (data_source_id, schedule_type, scheduled_at, status, attempts, max_run_seconds)
    select data_source.id, 'ON_DEMAND', $2, 'PENDING', 0, data_source.max_run_seconds
      from pipeline.backfill join data_source on data_source.id = backfill.data_source_id
     where backfill.id = $1
    returning task_id
  )
  update pipeline.backfill set task_id = task.task_id from task where backfill.id = $1`;

async function addTask(
  connection: Database,
  { backfillId, source }: { backfillId: number; source: { name: string; additionalParams: unknown } },
  {
    companies = null,
    all = false,
  }: { companies?: BackfillRequest["companies"] | null; all?: boolean | undefined },
  now: Date,
): Promise<number[]> {
  let added: number[] = [];
  // A source that names its companies itself has one call for all of them.
  if (!isCrm(source)) {
    const rows = await selectRows(connection, companyRow, ADD_COMPANIES, [backfillId, companies, all]);
    if (rows.length === 0) throw nothing("No company of this source lacks anything in this range");
    added = rows.map((row) => row.companyId);
  }
  await connection.query(ADD_TASK, [backfillId, now]);
  return added;
}

function nothing(what: string): ApiError {
  return new ApiError("not_found", `${what}: there is nothing to do`);
}
