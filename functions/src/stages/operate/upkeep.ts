import { oldRows } from "../../domain/upkeep/oldRows.ts";
import type { Batch, Expired, RetentionStores, Upkeep } from "../../domain/upkeep/upkeep.ts";
import { sweepBackfills } from "./backfill/sweepBackfills.ts";
import { eraseLeftovers, sweepErasures } from "./erase/unfinished.ts";

export const upkeep: Upkeep = {
  sweep: [sweepBackfills, sweepErasures],
  retention: [
    // Firestore delivers an event for up to a day again, and no task lives for longer.
    { kind: "leftovers", days: 3, remove: eraseLeftovers },
    oldRows({ table: "pipeline.job_run", age: "started_at", days: 90, when: "state <> 'RUNNING'" }),
    oldRows({ table: "pipeline.refused_transition", age: "refused_at", days: 90 }),
    oldRows({ table: "pipeline.notice", age: "created_at", days: 90 }),
    // It names operators.
    oldRows({ table: "pipeline.operation", age: "started_at", days: 400 }),
    { kind: "records", days: 30, remove: forgetPeople },
  ],
};

const ERASURES_A_BATCH = 5_000;

// Reads erasure_finished_at_idx.
const FORGET_PEOPLE = `
  update pipeline.erasure set left_to_others = '[]'
   where id in (
     select id from pipeline.erasure where finished_at < $1 and left_to_others <> '[]' limit $2)`;

/** Clears the part of erasure receipts that is left to others, because it names people. */
async function forgetPeople({ db }: RetentionStores, { before }: Expired): Promise<Batch> {
  const { rowCount } = await db.query(FORGET_PEOPLE, [before, ERASURES_A_BATCH]);
  return { removed: rowCount ?? 0, isLast: rowCount !== ERASURES_A_BATCH };
}
