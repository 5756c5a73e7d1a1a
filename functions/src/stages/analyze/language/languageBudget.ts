import { z } from "zod";
import type { ChatMessage, Completed } from "../../../adapters/languageModels/languageModel.ts";
import { type Database, selectRow } from "../../../platform/postgres.ts";

/** Tokens that a call may use, taken off the day's budget before it is made. */
export interface Reservation {
  readonly day: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

const reserved = z.object({ day: z.string() });

// Two calls at once meet in the day's row: the second waits for the first, then sees what is left.
const RESERVE = `
  insert into pipeline.language_use as used (day, calls, input_tokens, output_tokens)
  select $1::date, 1, $2::bigint, $3::bigint where $2::bigint + $3::bigint <= $4::bigint
  on conflict (day) do update
     set calls = used.calls + 1,
         input_tokens = used.input_tokens + excluded.input_tokens,
         output_tokens = used.output_tokens + excluded.output_tokens
   where used.input_tokens + used.output_tokens + excluded.input_tokens + excluded.output_tokens <= $4::bigint
  returning to_char(day, 'YYYY-MM-DD') as day`;

/**
 * Reserves the most that a call can use.
 *
 * @returns undefined where the day's budget does not have that much left
 */
export async function reserveTokens(
  db: Database,
  call: {
    readonly messages: readonly ChatMessage[];
    readonly outputTokens: number;
    readonly tokensPerDay: number;
  },
  now: Date,
): Promise<Reservation | undefined> {
  const { outputTokens, tokensPerDay } = call;
  const inputTokens = mostTokens(call.messages);
  const day = now.toISOString().slice(0, 10);
  const row = await selectRow(db, reserved, RESERVE, [day, inputTokens, outputTokens, tokensPerDay]);
  return row && { day: row.day, inputTokens, outputTokens };
}

// What servers add around a message, and the answer's schema.
const TOKENS_AROUND = 300;

/** A token is a byte at least. Most are four, so that what is reserved is given back in large part. */
function mostTokens(messages: readonly ChatMessage[]): number {
  return messages.reduce((sum, { content }) => sum + Buffer.byteLength(content), TOKENS_AROUND);
}

const SETTLE = `
  update pipeline.language_use
     set input_tokens = input_tokens + $2, output_tokens = output_tokens + $3
   where day = $1::date`;

/** Corrects a reservation to what was used. One that is never settled, because its process died, stays. */
export async function settleTokens(
  db: Database,
  reserved: Reservation,
  used: NonNullable<Completed["usage"]>,
): Promise<void> {
  await db.query(SETTLE, [
    reserved.day,
    used.inputTokens - reserved.inputTokens,
    used.outputTokens - reserved.outputTokens,
  ]);
}
