import { z } from "zod";
import { type Database, selectRow } from "../../platform/postgres.ts";
import type { Channel } from "./channel.ts";

/** How long a channel is busy with a message. Slack takes one a second in a channel; mail servers say when it is too many. */
const PACE_MS: Readonly<Record<Channel["type"], number>> = { SLACK: 1_000, EMAIL: 0 };

const MISSED_MS = 30_000;

const turnRow = z.object({ turnAt: z.date() });

// Turns are given out in the order in which they are asked for, one after the other, whichever process asks: the row's
// lock makes it so.
const TAKE = `
  update pipeline.destination
     set next_turn_at = case when $3 > 0
           then greatest(coalesce(next_turn_at, $2), $2) + $3 * interval '1 ms' else next_turn_at end
   where id = (select destination_id from pipeline.delivery where id = $1)
  returning greatest(coalesce(next_turn_at, $2) - $3 * interval '1 ms', $2) as turn_at`;

/** When a delivery may go: now, or later where others go before it. */
export async function takeTurn(
  db: Database,
  { id, turnAt, channel }: { readonly id: number; readonly turnAt: Date | null; readonly channel: Channel },
  now: Date,
): Promise<Date> {
  // A turn that was missed by much is another's by now.
  if (turnAt !== null && turnAt <= now && now.getTime() - turnAt.getTime() <= MISSED_MS) return now;
  const row = await selectRow(db, turnRow, TAKE, [id, now, PACE_MS[channel.type]]);
  return row?.turnAt ?? now;
}

// All that wait for their turn there wait on, one after the other in the order in which they were opened.
const CLOSE = `
  with channel as (
    select destination_id as id from pipeline.delivery where id = $1
  ), waiting as (
    select delivery.id, row_number() over (order by delivery.created_at, delivery.id) - 1 as before
      from pipeline.delivery join channel on channel.id = delivery.destination_id
     where delivery.id = $1 or delivery.state = 'PENDING' and delivery.turn_at is not null
  ), moved as (
    update pipeline.delivery
       set turn_at = $2::timestamp + before * $3 * interval '1 ms',
           send_after = $2::timestamp + before * $3 * interval '1 ms'
      from waiting
     where delivery.id = waiting.id and delivery.id <> $1
  ), closed as (
    update pipeline.destination
       set next_turn_at = $2::timestamp + (select count(*) from waiting) * $3 * interval '1 ms'
      from channel where destination.id = channel.id
  )
  select $2::timestamp + before * $3 * interval '1 ms' as turn_at from waiting where id = $1`;

/** Closes a channel that said to wait. @returns when the delivery that was told so may go */
export async function closeUntil(
  db: Database,
  { id, channel }: { readonly id: number; readonly channel: Channel },
  until: Date,
): Promise<Date> {
  const row = await selectRow(db, turnRow, CLOSE, [id, until, PACE_MS[channel.type]]);
  return row?.turnAt ?? until;
}
