import type { Database } from "../../platform/postgres.ts";
import type { DueDelivery } from "./claimDelivery.ts";

/** How an attempt at a delivery ended. */
export type DeliveryOutcome =
  | { readonly state: "SENT"; readonly providerId: string | null }
  /** UNKNOWN: the provider may have taken it. */
  | { readonly state: "FAILED" | "UNKNOWN" | "SUPPRESSED"; readonly error: string }
  /** It was not its turn, or the provider said to wait: that is no attempt. */
  | { readonly state: "WAITING"; readonly error: string | null; readonly turnAt: Date }
  /** It may pass: to be tried again. */
  | { readonly state: "PENDING"; readonly error: string; readonly sendAfter: Date };

/**
 * Records how an attempt ended, and how its channel does. An attempt that was taken for dead by another (UNKNOWN)
 * knows better, and is believed.
 */
export async function recordOutcome(
  db: Database,
  { id, attempt }: DueDelivery,
  outcome: DeliveryOutcome,
  now: Date,
): Promise<void> {
  await db.query(RECORD, [
    id,
    attempt,
    outcome.state === "WAITING" ? "PENDING" : outcome.state,
    outcome.state === "SENT" ? outcome.providerId : null,
    outcome.state === "SENT" ? null : outcome.error,
    outcome.state === "PENDING" ? outcome.sendAfter : null,
    now,
    outcome.state === "WAITING" ? outcome.turnAt : null,
  ]);
}

const RECORD = `
  with ended as (
    update pipeline.delivery
       set state = $3::pipeline.delivery_state, provider_id = $4, error = $5,
           send_after = coalesce($6::timestamp, $8::timestamp, send_after), turn_at = $8,
           waits = waits + case when $8::timestamp is null then 0 else 1 end,
           sent_at = case when $3 = 'SENT' then $7::timestamp end
     where id = $1 and attempt = $2 and state in ('PENDING', 'SENDING', 'UNKNOWN')
    returning channel_id
  )
  insert into pipeline.channel_status as status (channel_id, last_error, last_error_at, last_sent_at)
  select channel_id, $5, case when $5 is not null then $7::timestamp end, case when $3 = 'SENT' then $7::timestamp end
    from ended where $3 <> 'SUPPRESSED' and channel_id is not null
  on conflict (channel_id) do update
     set last_error = excluded.last_error,
         last_error_at = coalesce(excluded.last_error_at, status.last_error_at),
         last_sent_at = coalesce(excluded.last_sent_at, status.last_sent_at)`;

/** Gives up deliveries whose attempt ended without an outcome: they may be out, and are not sent again. */
export const ABANDONED =
  "The attempt ended without a result: the message may have been sent, so it is not sent again.";
