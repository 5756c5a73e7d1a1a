import pMap from "p-map";
import { z } from "zod";
import { finishCalls } from "../../domain/miningCall/finishCalls.ts";
import type { CallResult } from "../../domain/miningCall/miningCall.ts";
import type { ModuleClaims } from "../../domain/miningModule/moduleToken.ts";
import { ApiError } from "../../platform/apiError.ts";
import { storedReason } from "../../platform/errorText.ts";
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
 * late report, of a task that has ended or is in a newer attempt, changes nothing.
 *
 * @throws ApiError 403 or 404 where the task is not the caller's
 */
export async function reportCrawl(context: CrawlContext, report: CrawlReport): Promise<void> {
  const { db } = context;
  const { claims, taskId, now } = report;
  const task = await findTask(db, report);
  const attempt = task.attempts;
  if (task.status !== "PROCESSING" || (claims.attempt ?? attempt) !== attempt) return;

  const wholeTask = claims.companyId === undefined;
  const companies = wholeTask ? await openCalls(db, taskId) : [claims.companyId];
  const results = await pMap(companies, (companyId) => resultOf(context, task, report, companyId), {
    concurrency: 10,
  });
  // The call's own function, which waits for the module's answer, gives its place to the next.
  await finishCalls(db, { taskId, attempt, results, wholeTask, now });
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
