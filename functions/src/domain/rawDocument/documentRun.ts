import { z } from "zod";
import { errorCode } from "../../platform/errorCode.ts";
import { type Database, prepared, selectRow } from "../../platform/postgres.ts";
import { stateModels } from "../state/stateModels.ts";

// The longest that a run over a document may take: the timeout of the functions that make it.
const RUN_SECONDS = 180;

const MAX_RUNS = stateModels.rawDocument.attempts;

const begunRow = z.object({ isGivenUp: z.boolean(), reason: z.string().nullable() });

// Runs at the same time, which wait for each other, count as one.
const BEGIN = prepared(`
  update pipeline.raw_document
     set runs = runs + 1, running_until = $2::timestamp(3) + interval '${RUN_SECONDS} seconds',
         state = case when runs < ${MAX_RUNS} then state else 'FAILED' end,
         state_since = case when runs < ${MAX_RUNS} then state_since else $2 end,
         reason = case when runs < ${MAX_RUNS} then reason else format(
           'Given up after ${MAX_RUNS} attempts; %s', coalesce(reason, 'each of them died or took too long')) end
   where id = $1 and state = $3::text::pipeline.raw_document_state
     and (running_until is null or running_until <= $2)
  returning state = 'FAILED' as is_given_up, reason`);

/** What {@link beginRun} found. */
export interface BegunRun {
  /** Whether the document has a row in that state that no other run is at work on. */
  readonly isRecorded: boolean;
  /** The reason, where it is given up. */
  readonly givenUp: string | undefined;
}

/**
 * Counts a run over a document before it begins, so that one that dies counts as well. A document that was run too often
 * in its state has FAILED then.
 */
export async function beginRun(
  db: Database,
  id: string,
  state: "RECEIVED" | "NORMALIZED",
  now: Date,
): Promise<BegunRun> {
  const row = await selectRow(db, begunRow, BEGIN, [id, now, state]);
  return { isRecorded: row !== undefined, givenUp: row?.isGivenUp ? (row.reason ?? undefined) : undefined };
}

const END = prepared(`
  update pipeline.raw_document
     set running_until = null, runs = case when $2 then runs else greatest(runs - 1, 0) end
   where id = $1 and state in ('RECEIVED', 'NORMALIZED')`);

// What code throws that meets what it did not expect; and a statement that took too long.
const OWN_FAULTS = new Set(["TypeError", "RangeError", "SyntaxError", "ReferenceError", "ZodError"]);
const STATEMENT_TIMEOUT = "57014";

/**
 * Ends a run that failed. It counts where the document itself may be at fault; what fails because a connection, a
 * database or a store does may pass, however often it comes.
 */
export async function endFailedRun(db: Database, id: string, error: unknown): Promise<void> {
  const counts =
    error instanceof Error && (OWN_FAULTS.has(error.name) || errorCode(error) === STATEMENT_TIMEOUT);
  await db.query(END, [id, counts]);
}
