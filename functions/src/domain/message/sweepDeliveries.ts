import { z } from "zod";
import { type Database, selectRows } from "../../platform/postgres.ts";
import { stateModels } from "../state/stateModels.ts";
import { DELIVERY_KINDS } from "./claimDelivery.ts";
import { ABANDONED } from "./recordOutcome.ts";

const overdueRow = z.object({
  id: z.coerce.number(),
  kind: z.enum(DELIVERY_KINDS),
  userId: z.int().nullable(),
  week: z.string().nullable(),
  attempt: z.int(),
});

/** A delivery whose task got lost, or was repeated as often as its queue repeats. */
export type OverdueDelivery = z.output<typeof overdueRow>;

// The queue repeats a task for longer than PENDING may last only while the provider says to wait, and a function that
// sends is ended long before SENDING is over.
const { PENDING, SENDING } = stateModels.delivery.states;
// As many as a run enqueues in a few seconds; the next run goes on.
const MAX_AT_A_TIME = 1_000;

/**
 * Gives up the deliveries whose process died while sending, and returns those that nobody sends.
 *
 * @param factor stretches what the states may last
 */
export async function sweepDeliveries(db: Database, now: Date, factor = 1): Promise<OverdueDelivery[]> {
  const before = (seconds: number) => new Date(now.getTime() - seconds * 1000 * factor);
  await db.query(GIVE_UP, [before(SENDING.lastsAtMost), ABANDONED]);
  return selectRows(db, overdueRow, OVERDUE, [before(PENDING.lastsAtMost), MAX_AT_A_TIME]);
}

// Both read delivery_open_idx. A test message is tried once.
const GIVE_UP = `
  update pipeline.delivery set state = 'UNKNOWN', error = $2 where state = 'SENDING' and last_tried_at < $1`;

const OVERDUE = `
  select id, kind, user_id, week::text, attempt
    from pipeline.delivery
   where state = 'PENDING' and kind <> 'TEST' and send_after < $1
   order by send_after limit $2`;
