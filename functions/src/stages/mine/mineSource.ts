import { z } from "zod";
import { type MineSourcePayload, mineSourceTask } from "../../domain/miningCall/miningCall.ts";
import { endFanOut, openCalls, openOneCall } from "../../domain/miningCall/openCalls.ts";
import { releaseCalls } from "../../domain/miningCall/releaseCalls.ts";
import { isCrm } from "../../domain/miningModule/crmCompany.ts";
import { logEvent } from "../../platform/log.ts";
import { selectRow, type TransactionalDatabase } from "../../platform/postgres.ts";
import type { EnqueueTasks } from "../../platform/taskQueue.ts";

// One statement opens a page; the pages of a source follow each other as tasks, so that a crash repeats one page and
// not the source.
const COMPANIES_A_PAGE = 1000;

/** What mining needs of the outside. */
export interface MineSourceContext {
  readonly db: TransactionalDatabase;
  readonly enqueue: EnqueueTasks;
  readonly now: Date;
  readonly companiesAPage?: number;
}

/**
 * Fans a scheduled task out: a mining call for each company linked to its source, a page at a time. Everything may be
 * repeated: calls are unique by task and company, tasks by their ids. Then, or without a page, it releases calls.
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
  const { taskId } = payload;
  const next = isCrm(source)
    ? await openOneCall(db, taskId)
    : await openCalls(db, { taskId, after, pageSize: companiesAPage ?? COMPANIES_A_PAGE });
  if (next === undefined) await endFanOut(db, payload, now);
  return next;
}

const taskSource = z.object({ name: z.string(), additionalParams: z.unknown() });

const TASK_SOURCE = `
  select d.source_name as name, d.additional_params
    from scheduled_task t
    join data_source d on d.id = t.data_source_id
   where t.task_id = $1 and t.attempts = $2 and t.status = 'PROCESSING'`;
