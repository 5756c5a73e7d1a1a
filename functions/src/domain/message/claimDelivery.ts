import { z } from "zod";
import { type Database, selectRow } from "../../platform/postgres.ts";
import { CHANNEL_TYPES } from "./channel.ts";

/** What is delivered. */
export const DELIVERY_KINDS = ["ALERT", "REPORT", "TEST", "NOTICE"] as const;

const channelRow = {
  channelType: z.enum(CHANNEL_TYPES),
  destination: z.string(),
  secretId: z.string().nullable(),
};
const noChannel = { channelType: z.null(), destination: z.null(), secretId: z.null() };
const delivery = {
  id: z.coerce.number(),
  kind: z.enum(DELIVERY_KINDS),
  userId: z.int().nullable(),
  companyId: z.int().nullable(),
  channelId: z.int().nullable(),
  noticeId: z.coerce.number().nullable(),
  attempt: z.int(),
  /** How many of the attempts ended with waiting. */
  waits: z.int(),
  /** The turn at its destination that it waited for. */
  turnAt: z.date().nullable(),
  createdAt: z.date(),
  /** The run of a source that opened it; a report has none. */
  correlation: z.string().nullable(),
  uploads: z.record(z.string(), z.string()),
};

const pendingRow = z
  .union([z.object({ ...delivery, ...channelRow }), z.object({ ...delivery, ...noChannel })])
  .transform(({ channelType, destination, secretId, ...row }) => ({
    ...row,
    /** Undefined where it goes to the operators. */
    channel: channelType === null ? undefined : { type: channelType, destination, secretId },
  }));

/** A delivery whose turn has come, and the channel that it goes to. */
export type DueDelivery = z.output<typeof pendingRow>;

/** Begins an attempt at a delivery that is due: no finding joins it any more. */
export function beginAttempt(db: Database, id: number, now: Date): Promise<DueDelivery | undefined> {
  return selectRow(db, pendingRow, BEGIN, [id, now]);
}

// The row's lock makes attempts at once count on each other: the later number is the one that goes on.
const BEGIN = `
  update pipeline.delivery
     set attempt = delivery.attempt + 1
    from pipeline.destination
    left join notification_channel channel on channel.id = destination.channel_id
   where delivery.id = $1 and delivery.state = 'PENDING' and delivery.send_after <= $2
     and destination.id = delivery.destination_id
  returning delivery.id, delivery.kind, delivery.user_id, delivery.company_id, delivery.channel_id, delivery.notice_id,
            delivery.attempt, delivery.waits, delivery.turn_at, delivery.created_at, channel.channel_type, channel.destination, channel.secret_id, delivery.correlation,
            delivery.uploads`;

/** Keeps the id of a file that was uploaded for a delivery, so that a retry need not upload it again. */
export async function rememberUpload(
  db: Database,
  id: number,
  upload: { readonly sha256: string; readonly fileId: string },
): Promise<void> {
  await db.query(
    "update pipeline.delivery set uploads = uploads || jsonb_build_object($2::text, $3::text) where id = $1",
    [id, upload.sha256, upload.fileId],
  );
}

/**
 * Marks a delivery as being sent, before it is. Whoever finds the mark later, without the outcome, knows that the
 * message may be out; whoever finds none knows that it is not.
 *
 * @returns false where another attempt has begun
 */
export async function markSending(db: Database, { id, attempt }: DueDelivery, now: Date): Promise<boolean> {
  const { rowCount } = await db.query(
    `update pipeline.delivery
        set state = 'SENDING', first_tried_at = coalesce(first_tried_at, $3), last_tried_at = $3
      where id = $1 and state = 'PENDING' and attempt = $2`,
    [id, attempt, now],
  );
  return rowCount === 1;
}
