import { z } from "zod";
import { type Database, selectRow, type TransactionalDatabase } from "../../platform/postgres.ts";
import type { TaskAttempt } from "./miningCall.ts";
import { completeTask, lockRunningTask, logTaskEnd } from "./runningTask.ts";

// Reads the page from company_data_source's unique key. A call of an earlier attempt stays as it is. The task of a
// backfill covers only the companies that it names, and a built-in module reads those from the beginning again: no
// other task of the source runs meanwhile, so nobody else moves the cursor.
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

/**
 * Opens the calls of one page of the companies linked to a task's source.
 *
 * @returns where the next page begins, or undefined after the last one
 */
export async function openCalls(
  db: Database,
  { taskId, after, pageSize }: { taskId: number; after: number; pageSize: number },
): Promise<number | undefined> {
  const page = await selectRow(db, openedPage, OPEN_CALLS, [taskId, after, pageSize]);
  return page?.companies === pageSize ? (page.last ?? undefined) : undefined;
}

const OPEN_ONE_CALL = `
  insert into pipeline.mining_call (task_id, company_id) values ($1, null)
  on conflict (task_id, company_id) do nothing`;

/** Opens the one call of a source that names its companies itself. */
export async function openOneCall(db: Database, taskId: number): Promise<undefined> {
  await db.query(OPEN_ONE_CALL, [taskId]);
}

const END_FAN_OUT = `
  insert into pipeline.task_run (task_id, last_seen_at, fanned_out) values ($1, $2, true)
  on conflict (task_id) do update set fanned_out = true, last_seen_at = excluded.last_seen_at`;

/** Records that all calls are open. A task without companies, or whose calls are all final already, ends here. */
export async function endFanOut(
  db: TransactionalDatabase,
  { taskId, attempt }: TaskAttempt,
  now: Date,
): Promise<void> {
  const end = await db.transaction(async (connection) => {
    if ((await lockRunningTask(connection, taskId, attempt)) === undefined) return undefined;
    await connection.query(END_FAN_OUT, [taskId, now]);
    return completeTask(connection, taskId, now);
  });
  logTaskEnd(end);
}
