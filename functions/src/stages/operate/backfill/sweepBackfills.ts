import { z } from "zod";
import { overdueBefore, type Patience } from "../../../domain/upkeep/upkeep.ts";
import { type Database, selectRows } from "../../../platform/postgres.ts";
import type { EnqueueTasks } from "../../../platform/taskQueue.ts";
import { processAgainTask } from "./backfill.ts";

// A task is given up after nine minutes, and its queue waits up to ten until it tries again.
const SILENT_SECONDS = 20 * 60;
const MAX_AT_A_TIME = 1_000;

// Companies wait in the queue for each other, so that one alone may be silent for long: tasks are lost where the whole
// backfill is. Reads backfill_company_open_idx.
const SILENT = `
  with silent as (
    select company.backfill_id
      from pipeline.backfill_company company
      join pipeline.backfill on backfill.id = company.backfill_id
     where company.documents is not null and company.ended_at is null and backfill.cancelled_at is null
     group by company.backfill_id, backfill.created_at
    having backfill.created_at < $1
       and not exists (
         select from pipeline.backfill_company seen
          where seen.backfill_id = company.backfill_id and seen.last_seen_at >= $1)
  )
  select company.backfill_id, company.company_id
    from silent
    join pipeline.backfill_company company using (backfill_id)
   where company.documents is not null and company.ended_at is null
   order by company.backfill_id, company.company_id
   limit ${MAX_AT_A_TIME}`;

const silentRow = z.object({ backfillId: z.coerce.number(), companyId: z.int() });

/** Continues backfills whose tasks were lost. */
export async function sweepBackfills(
  { db, enqueue }: { db: Database; enqueue: EnqueueTasks },
  patience: Patience,
): Promise<{ backfillsAgain: number }> {
  const rows = await selectRows(db, silentRow, SILENT, [overdueBefore(patience, SILENT_SECONDS)]);
  const round = patience.now.getTime();
  await enqueue(
    "processAgain",
    rows.map((row) => processAgainTask({ backfillId: row.backfillId, companyId: row.companyId }, round)),
  );
  return { backfillsAgain: rows.length };
}
