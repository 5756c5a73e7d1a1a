import { z } from "zod";
import { finishCalls } from "../../../domain/miningCall/finishCalls.ts";
import { releaseCalls } from "../../../domain/miningCall/releaseCalls.ts";
import { selectRows } from "../../../platform/postgres.ts";
import type { EraseContext } from "./eraseContext.ts";
import { eraseOwnedBy } from "./eraseRows.ts";
import type { Receipt } from "./erasure.ts";

// By mining_call_company_id_idx.
const OPEN_CALLS = `
  select call.task_id, task.attempts
    from pipeline.mining_call call
    join scheduled_task task on task.task_id = call.task_id
   where call.company_id = $1 and call.state in ('WAITING', 'ENQUEUED', 'RUNNING')
   order by call.task_id`;

const openCall = z.object({ task_id: z.int(), attempts: z.int() });

/**
 * Ends the mining of a company: its links go first, so that no call is opened any more, then its open calls end and
 * give their places to others. What a call that runs still feeds is refused.
 */
export async function stopMining(context: EraseContext, { id, subjectId }: Receipt): Promise<void> {
  const { db, enqueue, clock } = context;
  const company = { erasureId: id, root: "public.company", table: "company", id: subjectId };
  await eraseOwnedBy(context, company, "public.company_data_source");
  for (const { task_id: taskId, attempts } of await selectRows(db, openCall, OPEN_CALLS, [subjectId])) {
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
