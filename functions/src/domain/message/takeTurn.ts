import { z } from "zod";
import { type Database, selectRow } from "../../platform/postgres.ts";
import type { Channel } from "./channel.ts";

/** How long a channel is busy with a message. Slack takes one a second in a channel; mail servers say when it is too many. */
const PACE_MS: Readonly<Record<Channel["type"], number>> = { SLACK: 1_000, EMAIL: 0 };

const turnRow = z.object({ turnAt: z.date() });

// Turns are given out in the order in which they are asked for, one after the other, whichever process asks: the row's
// lock makes it so.
const TAKE = `
  update pipeline.destination
     set next_turn_at = greatest(coalesce(next_turn_at, $2), $2) + $3 * interval '1 ms'
   where id = (select destination_id from pipeline.delivery where id = $1)
  returning next_turn_at - $3 * interval '1 ms' as turn_at`;

/** When a delivery may go: now, or later where others go before it. */
export async function takeTurn(
  db: Database,
  { id, turnAt, channel }: { readonly id: number; readonly turnAt: Date | null; readonly channel: Channel },
  now: Date,
): Promise<Date> {
  if (turnAt !== null && turnAt <= now) return now;
  const row = await selectRow(db, turnRow, TAKE, [id, now, PACE_MS[channel.type]]);
  return row?.turnAt ?? now;
}

// Those that had a turn before that find their channel closed, and take another.
const CLOSE = `
  with closed as (
    update pipeline.destination
       set next_turn_at = greatest(coalesce(next_turn_at, $2), $2) + $3 * interval '1 ms'
     where id = (select destination_id from pipeline.delivery where id = $1)
    returning id, next_turn_at - $3 * interval '1 ms' as turn_at
  ), others as (
    update pipeline.delivery other
       set turn_at = null
      from closed
     where other.destination_id = closed.id and other.state = 'PENDING' and other.turn_at < $2 and other.id <> $1
  )
  select turn_at from closed`;

/** Closes a channel that said to wait. @returns when the delivery that was told so may go */
export async function closeUntil(
  db: Database,
  { id, channel }: { readonly id: number; readonly channel: Channel },
  until: Date,
): Promise<Date> {
  const row = await selectRow(db, turnRow, CLOSE, [id, until, PACE_MS[channel.type]]);
  return row?.turnAt ?? until;
}
