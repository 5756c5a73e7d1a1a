import { z } from "zod";
import type { Batch, Expired } from "../../../domain/upkeep/upkeep.ts";
import { selectRows } from "../../../platform/postgres.ts";
import type { EraseContext } from "./eraseContext.ts";
import { eraseOutside } from "./eraseOutside.ts";
import { readReceiptById } from "./erasure.ts";

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
