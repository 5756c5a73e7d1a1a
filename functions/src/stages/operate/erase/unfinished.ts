import { z } from "zod";
import { type Batch, type Expired, overdueBefore, type Patience } from "../../../domain/upkeep/upkeep.ts";
import { type Database, selectRows } from "../../../platform/postgres.ts";
import { type EnqueueTasks, taskId } from "../../../platform/taskQueue.ts";
import { eraseOutside } from "./eraseOutside.ts";
import { type EraseContext, eraseTask, readReceiptById } from "./erasure.ts";

const HOUR_SECONDS = 3600;
// A task goes on for up to half an hour, and its queue waits up to an hour until it tries again.
const WAIT_SECONDS = 2 * HOUR_SECONDS;
const MAX_AT_A_TIME = 100;

const unfinishedErasure = z.object({ id: z.coerce.number() });

// Reads erasure_finished_at_idx.
const UNFINISHED = `
  select id from pipeline.erasure
   where finished_at is null and requested_at < $1
   order by id limit ${MAX_AT_A_TIME}`;

/**
 * Goes on with erasures whose task got lost, each once an hour: nobody asks again for what they were promised. One that
 * is still at work is not disturbed, as two at once do what one does.
 */
export async function sweepErasures(
  { db, enqueue }: { db: Database; enqueue: EnqueueTasks },
  patience: Patience,
): Promise<{ erasuresAgain: number }> {
  const { now, factor } = patience;
  const unfinished = await selectRows(db, unfinishedErasure, UNFINISHED, [
    overdueBefore(patience, WAIT_SECONDS),
  ]);
  const hour = Math.floor(now.getTime() / (HOUR_SECONDS * 1000 * factor));
  await enqueue(
    "erase",
    unfinished.map(({ id }) => ({ ...eraseTask(id, now), id: taskId("erase", id, "again", hour) })),
  );
  return { erasuresAgain: unfinished.length };
}

const finishedErasure = z.object({ id: z.int() });

// Reads erasure_finished_at_idx.
const FINISHED = "select id::int from pipeline.erasure where finished_at >= $1 order by id";

/**
 * Looks once more for what was erased since `before`: a process that was killed in the middle of writing may have left
 * a document that nobody else knows of.
 */
export async function eraseLeftovers(
  context: Pick<EraseContext, "db" | "firestore" | "blobStore">,
  { before: since }: Expired,
): Promise<Batch> {
  let removed = 0;
  for (const { id } of await selectRows(context.db, finishedErasure, FINISHED, [since])) {
    const before = await readReceiptById(context.db, id);
    if (before === undefined) continue;
    await eraseOutside(context, before);
    const after = await readReceiptById(context.db, id);
    removed += sum(after?.counts) - sum(before.counts);
  }
  return { removed, isLast: true };
}

function sum(counts: Readonly<Record<string, number>> = {}): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
