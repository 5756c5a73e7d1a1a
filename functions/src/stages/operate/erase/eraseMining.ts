import { z } from "zod";
import { finishCalls } from "../../../domain/miningCall/finishCalls.ts";
import { releaseCalls } from "../../../domain/miningCall/releaseCalls.ts";
import { selectRows } from "../../../platform/postgres.ts";
import { eraseOwnedBy } from "./eraseRows.ts";
import type { EraseContext, Receipt } from "./erasure.ts";

// By mining_call_company_id_idx.
const OPEN_CALLS = `
  select call.task_id, task.attempts
    from pipeline.mining_call call
    join scheduled_task task on task.task_id = call.task_id
   where call.company_id = $1 and call.state in ('WAITING', 'ENQUEUED', 'RUNNING')
   order by call.task_id`;

const openCall = z.object({ taskId: z.int(), attempts: z.int() });

/**
 * Ends the mining of a company: its links go first, so that no call is opened any more, then its open calls end and
 * give their places to others. What a call that runs still feeds is refused.
 */
export async function stopMining(context: EraseContext, { id, subjectId }: Receipt): Promise<void> {
  const { db, enqueue, clock } = context;
  const company = { erasureId: id, root: "public.company", table: "company", id: subjectId };
  await eraseOwnedBy(context, company, "public.company_data_source");
  for (const { taskId, attempts } of await selectRows(db, openCall, OPEN_CALLS, [subjectId])) {
    const result = {
      companyId: subjectId,
      state: "FAILED" as const,
      errorType: "CompanyErased",
      errorText: "The company is being erased",
    };
    await finishCalls(db, { taskId, results: [result], now: clock() });
    const released = await releaseCalls(db, { taskId, attempt: attempts, again: false, now: clock() });
    await enqueue("mineCompany", released);
  }
}

const TASKS_AT_A_TIME = 200;

// By mining_call_company_id_idx and scheduled_task's key: before the calls are deleted.
const SUMMARIES = `
  select task.task_id, task.result_summary
    from pipeline.mining_call call
    join scheduled_task task on task.task_id = call.task_id
   where call.company_id = $1 and call.error_type is not null and call.task_id > $2
     and task.result_summary is not null
   order by call.task_id
   limit ${TASKS_AT_A_TIME}`;

const REPLACE = `
  update scheduled_task task set result_summary = changed.now_said
    from unnest($1::int[], $2::text[], $3::text[]) as changed (task_id, said, now_said)
   where task.task_id = changed.task_id and task.result_summary = changed.said`;

const summaryRow = z.object({ taskId: z.int(), resultSummary: z.string() });
const summary = z.looseObject({ errors: z.record(z.string(), z.unknown()) });

/** Removes what scheduled tasks' summaries say of a company: why it could not be mined, in a module's words. */
export async function eraseSummaries(context: EraseContext, { subjectId }: Receipt): Promise<void> {
  for (let after = 0; ; ) {
    context.signal?.throwIfAborted();
    const rows = await selectRows(context.db, summaryRow, SUMMARIES, [subjectId, after]);
    const changed = rows.map((row) => ({ ...row, nowSaid: withoutCompany(row.resultSummary, subjectId) }));
    await context.db.query(REPLACE, [
      changed.map(({ taskId }) => taskId),
      changed.map(({ resultSummary }) => resultSummary),
      changed.map(({ nowSaid }) => nowSaid),
    ]);
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.taskId;
  }
}

/** Earlier backends wrote other words, which name no company by its id. */
function withoutCompany(text: string, companyId: number): string {
  try {
    const { errors, ...rest } = summary.parse(JSON.parse(text));
    const others = Object.entries(errors).filter(([id]) => id !== String(companyId));
    return JSON.stringify({ ...rest, errors: Object.fromEntries(others) });
  } catch {
    return text;
  }
}
