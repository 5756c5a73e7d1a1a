import { z } from "zod";
import { operatorNoticeTask } from "../../../domain/message/tellOperators.ts";
import { overdueBefore, type Patience } from "../../../domain/upkeep/upkeep.ts";
import { type Database, selectRows } from "../../../platform/postgres.ts";
import type { EnqueueTasks } from "../../../platform/taskQueue.ts";

// A task is dispatched within seconds, and repeated for some minutes.
const WAIT_SECONDS = 5 * 60;
const MAX_AT_A_TIME = 100;

const overdueNotice = z.object({ id: z.coerce.number() });

// Reads operator_notice_open_idx. One that was being sent for so long is recognized by its task as abandoned.
const OVERDUE = `
  select id from pipeline.operator_notice
   where state in ('PENDING', 'SENDING') and send_after < $1
   order by send_after limit ${MAX_AT_A_TIME}`;

/** Gives notices to the operators a task again whose task got lost: of another id each round. */
export async function sweepNotices(
  { db, enqueue }: { db: Database; enqueue: EnqueueTasks },
  patience: Patience,
): Promise<{ noticesAgain: number }> {
  const overdue = await selectRows(db, overdueNotice, OVERDUE, [overdueBefore(patience, WAIT_SECONDS)]);
  await enqueue(
    "sendOperatorNotice",
    overdue.map(({ id }) => {
      const task = operatorNoticeTask(id);
      return { ...task, id: `${task.id}-again-${patience.now.getTime()}` };
    }),
  );
  return { noticesAgain: overdue.length };
}
