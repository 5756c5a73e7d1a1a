import { z } from "zod";
import { completeTask, logTaskEnd } from "../../domain/miningCall/completeTask.ts";
import { lockRunningTask } from "../../domain/miningCall/lockRunningTask.ts";
import { type MineSourcePayload, mineSourceTask } from "../../domain/miningCall/mineSourceTask.ts";
import { releaseCalls } from "../../domain/miningCall/releaseCalls.ts";
import { isCrm } from "../../domain/miningModule/isCrm.ts";
import { logEvent } from "../../platform/log.ts";
import { type Database, selectRow, type TransactionalDatabase } from "../../platform/postgres.ts";
import type { EnqueueTasks } from "../../platform/taskQueue.ts";

// One statement inserts a page; the pages of a source follow each other as tasks, so that a crash repeats one
// page and not the source.
const COMPANIES_A_PAGE = 1000;

/** What mining needs of the outside. */
export interface MineSourceContext {
  readonly db: TransactionalDatabase;
  readonly enqueue: EnqueueTasks;
  readonly now: Date;
  readonly companiesAPage?: number;
}

/**
 * Fans a scheduled task out: a mining call for each company linked to its source, a page at a time. Everything
 * it does may be done again: calls are unique per task and company, tasks by their ids. Then, or without a page,
 * it gives places to calls that wait.
 */
export async function mineSource(context: MineSourceContext, payload: MineSourcePayload): Promise<void> {
  const { db, enqueue, now } = context;
  const begunAt = performance.now();
  const source = await selectRow(db, taskSource, TASK_SOURCE, [payload.taskId, payload.attempt]);
  if (source === undefined) return;

  const next = payload.after === null ? undefined : await openPage(context, payload, payload.after, source);
  const released = await releaseCalls(db, { ...payload, again: true, now });
  await enqueue("mineCompany", released);
  if (next !== undefined) await enqueue("mineSource", [mineSourceTask({ ...payload, after: next })]);
  if (payload.after === null) return;
  const durationMs = Math.round(performance.now() - begunAt);
  logEvent("page_opened", { after: payload.after, next, released: released.length, durationMs });
}

/** @returns where the next page begins, or undefined after the last one */
async function openPage(
  { db, now, companiesAPage }: MineSourceContext,
  payload: MineSourcePayload,
  after: number,
  source: z.output<typeof taskSource>,
): Promise<number | undefined> {
  const next = isCrm(source)
    ? await openOneCallForAll(db, payload)
    : await openCalls(db, payload.taskId, after, companiesAPage ?? COMPANIES_A_PAGE);
  if (next === undefined) await endFanOut(db, payload, now);
  return next;
}

const taskSource = z
  .object({ source_name: z.string(), additional_params: z.unknown() })
  .transform((row) => ({ name: row.source_name, additionalParams: row.additional_params }));

const TASK_SOURCE = `
  select d.source_name, d.additional_params
    from scheduled_task t
    join data_source d on d.id = t.data_source_id
   where t.task_id = $1 and t.attempts = $2 and t.status = 'PROCESSING'`;

// Reads the page from company_data_source's unique key. A call that is there from an earlier attempt stays. A backfill's
// task is of the companies that it names, and a built-in module reads of these from the beginning again: while no other
// task of the source runs, nobody else moves the cursor.
const OPEN_CALLS = `
  with backfill as (
    select id from pipeline.backfill where task_id = $1
  ), page as (
    select l.data_source_id, l.company_id
      from scheduled_task t
      join company_data_source l on l.data_source_id = t.data_source_id
     where t.task_id = $1 and l.company_id > $2
       and (not exists (select from backfill) or exists (
         select from pipeline.backfill_company named
          where named.backfill_id = (select id from backfill) and named.company_id = l.company_id))
     order by l.company_id
     limit $3
  ), opened as (
    insert into pipeline.mining_call (task_id, company_id, last_turn_at)
    select $1, company_id, turn_at
      from page left join pipeline.company_turn using (data_source_id, company_id)
     order by company_id
    on conflict (task_id, company_id) do nothing
    returning company_id
  ), from_the_beginning as (
    delete from pipeline.mining_cursor stored
     using page join opened using (company_id)
     where stored.data_source_id = page.data_source_id and stored.company_id = page.company_id
       and exists (select from backfill)
  )
  select count(*)::int as companies, max(company_id) as last from page`;

const openedPage = z.object({ companies: z.number(), last: z.number().nullable() });

async function openCalls(
  db: Database,
  taskId: number,
  after: number,
  companiesAPage: number,
): Promise<number | undefined> {
  const page = await selectRow(db, openedPage, OPEN_CALLS, [taskId, after, companiesAPage]);
  return page?.companies === companiesAPage ? (page.last ?? undefined) : undefined;
}

const OPEN_ONE_CALL = `
  insert into pipeline.mining_call (task_id, company_id) values ($1, null)
  on conflict (task_id, company_id) do nothing`;

async function openOneCallForAll(db: Database, { taskId }: MineSourcePayload): Promise<undefined> {
  await db.query(OPEN_ONE_CALL, [taskId]);
}

const END_FAN_OUT = `
  insert into pipeline.task_run (task_id, last_seen_at, fanned_out) values ($1, $2, true)
  on conflict (task_id) do update set fanned_out = true, last_seen_at = excluded.last_seen_at`;

/** No more calls are to come; a task without companies, or whose calls are all final already, ends here. */
async function endFanOut(db: TransactionalDatabase, payload: MineSourcePayload, now: Date): Promise<void> {
  const end = await db.transaction(async (connection) => {
    if ((await lockRunningTask(connection, payload.taskId, payload.attempt)) === undefined) return undefined;
    await connection.query(END_FAN_OUT, [payload.taskId, now]);
    return completeTask(connection, payload.taskId, now);
  });
  logTaskEnd(end);
}
