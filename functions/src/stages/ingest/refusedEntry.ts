import type { ModuleClaims } from "../../domain/miningModule/moduleToken.ts";
import { ApiError } from "../../platform/apiError.ts";
import { storedReason } from "../../platform/errorText.ts";
import type { Database } from "../../platform/postgres.ts";

const MAX_NAME = 50;
const MAX_REASON = 200;

/** Why an entry of a CRM is left out, for the list that operators read. @throws the error where it is our own */
export function refusalOf(name: unknown, error: unknown): string {
  if (!(error instanceof ApiError)) throw error;
  const named = typeof name === "string" && name.trim() !== "" ? name : "without a name";
  return `${storedReason(named, MAX_NAME)}: ${storedReason(error.message, MAX_REASON)}`;
}

/** How many refused entries are listed. */
export const MAX_REFUSED = 20;

// By the primary key. Fed again, an entry is listed once.
const NOTE = `
  update pipeline.task_run
     set refused = refused || $2::text
   where task_id = $1 and cardinality(refused) < ${MAX_REFUSED} and $2 <> all (refused)`;

/** Lists an entry that a CRM fed in a task, and that is no company, for the task's summary. */
export async function noteRefused(db: Database, { taskId }: ModuleClaims, refusal: string): Promise<void> {
  if (taskId !== undefined) await db.query(NOTE, [taskId, refusal]);
}
