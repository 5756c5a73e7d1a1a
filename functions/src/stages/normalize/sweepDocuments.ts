import { z } from "zod";
import { analyzeAgainTask } from "../../domain/analysis/tasks.ts";
import { normalizeAgainTask } from "../../domain/rawDocument/normalizeAgainTask.ts";
import { stateModels } from "../../domain/state/stateModels.ts";
import type { Patience } from "../../domain/upkeep/upkeep.ts";
import { type Database, selectRows } from "../../platform/postgres.ts";
import type { EnqueueTasks } from "../../platform/taskQueue.ts";

const { attempts, states } = stateModels.rawDocument;
const { RECEIVED, NORMALIZED } = states;

// As many as a run enqueues in a few seconds; the next run goes on.
const MAX_AT_A_TIME = 1_000;

// Reads raw_document_open_idx: what is open is little. Each time it waits twice as long as before; SKIP LOCKED leaves alone what is being
// worked on at this moment.
const SET_GOING_AGAIN = `
  with overdue as (
    select id, path, state, attempt < $4 as again
      from pipeline.raw_document
     where state in ('RECEIVED', 'NORMALIZED')
       and greatest(state_since, last_tried_at)
           + case state when 'RECEIVED' then $2::float8 else $3::float8 end * power(2, greatest(attempt - 1, 0)) * interval '1 second'
           < $1::timestamp(3)
     order by state_since
     limit ${MAX_AT_A_TIME}
       for no key update skip locked
  ), tried as (
    update pipeline.raw_document document
       set attempt = attempt + 1, last_tried_at = $1
      from overdue
     where document.id = overdue.id and overdue.again
  ), given_up as (
    update pipeline.raw_document document
       set state = 'FAILED', state_since = $1,
           reason = format(
             'Given up after %s attempts; %s', $4::int,
             coalesce(document.reason, case overdue.state
               when 'RECEIVED' then 'it was never normalized' else 'it was never analyzed' end))
      from overdue
     where document.id = overdue.id and not overdue.again
  )
  select id, path, state::text, again from overdue`;

const overdueRow = z.object({
  id: z.string(),
  path: z.string(),
  state: z.enum(["RECEIVED", "NORMALIZED"]),
  again: z.boolean(),
});

/** Sets raw documents going again whose event got lost, or whose runs ended for good in something that may pass. */
export async function sweepDocuments(
  { db, enqueue }: { db: Database; enqueue: EnqueueTasks },
  { now, factor }: Patience,
): Promise<{ documentsAgain: number; documentsFailed: number }> {
  const overdue = await selectRows(db, overdueRow, SET_GOING_AGAIN, [
    now,
    RECEIVED.lastsAtMost * factor,
    NORMALIZED.lastsAtMost * factor,
    attempts,
  ]);
  const again = overdue.filter((document) => document.again);
  const round = now.getTime();
  const tasksOf = (state: "RECEIVED" | "NORMALIZED", task: typeof normalizeAgainTask) =>
    again.filter((document) => document.state === state).map((document) => task(document, round));
  await enqueue("normalizeAgain", tasksOf("RECEIVED", normalizeAgainTask));
  await enqueue("analyzeAgain", tasksOf("NORMALIZED", analyzeAgainTask));
  return { documentsAgain: again.length, documentsFailed: overdue.length - again.length };
}
