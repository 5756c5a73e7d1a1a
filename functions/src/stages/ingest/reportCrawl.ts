import pMap from "p-map";
import { z } from "zod";
import { finishCalls } from "../../domain/miningCall/finishCalls.ts";
import { type CallResult, NOTHING_DONE } from "../../domain/miningCall/miningCall.ts";
import type { ModuleClaims } from "../../domain/miningModule/moduleToken.ts";
import { ApiError } from "../../platform/apiError.ts";
import { storedReason } from "../../platform/errorText.ts";
import { rowId } from "../../platform/fields.ts";
import { type Database, selectRow, selectRows, type TransactionalDatabase } from "../../platform/postgres.ts";
import type { CrawlError } from "./crawlingFinished.ts";

export interface CrawlContext {
  readonly db: TransactionalDatabase;
  /** How many raw documents a task has filed about a company, or about all. */
  readonly countFiled: (
    sourceName: string,
    about: { taskId: number; companyId: number | null },
  ) => Promise<number>;
}

export interface CrawlReport {
  readonly claims: ModuleClaims;
  readonly taskId: number;
  readonly errors: Readonly<Record<string, CrawlError>>;
  readonly now: Date;
}

/**
 * Ends the mining call that a module reports as done, or all that are open where its token names no company. A
 * late report, of a call or a task that has ended, only adds the errors that it tells; one of an older attempt changes
 * nothing.
 *
 * @throws ApiError 403 or 404 where the task is not the caller's
 */
export async function reportCrawl(context: CrawlContext, report: CrawlReport): Promise<void> {
  const { db } = context;
  const { claims, taskId, now } = report;
  const task = await findTask(db, report);
  const attempt = task.attempts;
  if ((claims.attempt ?? attempt) !== attempt) return;
  await keepLateErrors(db, report);
  if (task.status !== "PROCESSING") return;

  const wholeTask = claims.companyId === undefined;
  const companies = wholeTask ? await openCalls(db, taskId) : [claims.companyId];
  const results = await pMap(companies, (companyId) => resultOf(context, task, report, companyId), {
    concurrency: 10,
  });
  // The call's own function, which waits for the module's answer, gives its place to the next.
  await finishCalls(db, { taskId, attempt, results, wholeTask, now });
}

// By mining_call_task_id_company_id_key. What the call said itself stays, unless it only said that it heard nothing.
const KEEP_LATE_ERRORS = `
  update pipeline.mining_call call
     set error_type = late.type, error_text = late.text
    from unnest($2::int[], $3::text[], $4::text[]) as late (company_id, type, text)
   where call.task_id = $1 and call.company_id = late.company_id and call.state in ('SUCCEEDED', 'FAILED')
     and (call.error_type is null or call.error_type = '${NOTHING_DONE}')`;

async function keepLateErrors(db: Database, { claims, taskId, errors }: CrawlReport): Promise<void> {
  const all = Object.entries(errors);
  const mine = all.find(([key]) => key === String(claims.companyId)) ?? all[0];
  const own = claims.companyId === undefined || mine === undefined ? all : [mine];
  const late = own
    .map(([key, error]) => ({ ...error, companyId: claims.companyId ?? Number(key) }))
    .filter(({ companyId }) => rowId.safeParse(companyId).success);
  if (late.length === 0) return;
  await db.query(KEEP_LATE_ERRORS, [
    taskId,
    late.map(({ companyId }) => companyId),
    late.map(({ error_type }) => storedReason(error_type, 100)),
    late.map(({ error_type, error_description }) => storedReason(error_description ?? error_type)),
  ]);
}

const taskRow = z.object({
  dataSourceId: z.number(),
  sourceName: z.string(),
  status: z.string(),
  attempts: z.number(),
});

const FIND_TASK = `
  select t.data_source_id, s.source_name, t.status, t.attempts
    from scheduled_task t
    join data_source s on s.id = t.data_source_id
   where t.task_id = $1`;

async function findTask(db: Database, { claims, taskId }: CrawlReport) {
  if (claims.taskId !== undefined && claims.taskId !== taskId) {
    throw new ApiError("forbidden", "The token is for another task");
  }
  const task = await selectRow(db, taskRow, FIND_TASK, [taskId]);
  if (task === undefined) throw new ApiError("not_found", `There is no task ${taskId}`);
  if (task.dataSourceId !== claims.sourceId) {
    throw new ApiError("forbidden", "The task belongs to another data source");
  }
  return task;
}

const companyOfCall = z.object({ companyId: z.number().nullable() });

// Reads mining_call_open_idx.
const OPEN_CALLS = `
  select company_id from pipeline.mining_call
   where task_id = $1 and state in ('WAITING', 'ENQUEUED', 'RUNNING')`;

async function openCalls(db: Database, taskId: number): Promise<(number | null)[]> {
  const rows = await selectRows(db, companyOfCall, OPEN_CALLS, [taskId]);
  return rows.map(({ companyId }) => companyId);
}

/**
 * How a call ended. Modules report an error even where their data arrived (reddit's for every company that has
 * subreddits), and only the last of several: what was filed decides, and the error is kept as a warning.
 */
async function resultOf(
  { countFiled }: CrawlContext,
  task: z.output<typeof taskRow>,
  { claims, taskId, errors }: CrawlReport,
  companyId: number | null,
): Promise<CallResult> {
  // A call about one company, and a CRM's, are all that their report can be about, under whatever key.
  const isOnlyCall = companyId === null || claims.companyId === companyId;
  const own = errors[String(companyId)] ?? (isOnlyCall ? Object.values(errors)[0] : undefined);
  if (own === undefined) return { companyId, state: "SUCCEEDED" };
  const hasFiled = (await countFiled(task.sourceName, { taskId, companyId })) > 0;
  return {
    companyId,
    state: hasFiled ? "SUCCEEDED" : "FAILED",
    errorType: storedReason(own.error_type, 100),
    errorText: companyId === null ? summary(errors) : storedReason(own.error_description ?? own.error_type),
  };
}

// More would not fit the text.
const MAX_ERRORS = 100;

function summary(errors: CrawlReport["errors"]): string {
  const lines = Object.entries(errors)
    .slice(0, MAX_ERRORS)
    .map(([key, { error_type, error_description }]) => `${key}: ${error_description ?? error_type}`);
  return storedReason(lines.join("\n"));
}
