import { z } from "zod";
import { type Database, selectRows } from "../platform/postgres.ts";
import { ABANDONED } from "./recordOutcome.ts";

const overdueRow = z.object({
  id: z.coerce.number(),
  kind: z.enum(["ALERT", "REPORT", "TEST"]),
  user_id: z.int().nullable(),
  week: z.string().nullable(),
  attempt: z.int(),
});

/** A delivery whose task got lost, or was repeated as often as its queue repeats. */
export type OverdueDelivery = z.output<typeof overdueRow>;

// The queue repeats a task for longer than this only while the provider says to wait.
const OVERDUE_MS = 5 * 60_000;
// A function that sends is ended after two minutes, whatever it does.
const ABANDONED_MS = 10 * 60_000;
// As many as a run enqueues in a few seconds; the next run goes on.
const MOST_AT_A_TIME = 1_000;

/** Gives up the deliveries whose process died while sending, and returns those that nobody sends. */
export async function sweepDeliveries(db: Database, now: Date): Promise<OverdueDelivery[]> {
  await db.query(GIVE_UP, [new Date(now.getTime() - ABANDONED_MS), ABANDONED]);
  const before = new Date(now.getTime() - OVERDUE_MS);
  return selectRows(db, overdueRow, OVERDUE, [before, MOST_AT_A_TIME]);
}

// Both read delivery_open_idx. A test message is tried once.
const GIVE_UP = `
  update pipeline.delivery set state = 'UNKNOWN', error = $2 where state = 'SENDING' and last_tried_at < $1`;

const OVERDUE = `
  select id, kind, user_id, week::text, attempt
    from pipeline.delivery
   where state = 'PENDING' and kind <> 'TEST' and send_after < $1
   order by send_after limit $2`;
