import { z } from "zod";
import { type Database, selectRow } from "../../platform/postgres.ts";

const pendingRow = z
  .object({
    id: z.coerce.number(),
    kind: z.enum(["ALERT", "REPORT", "TEST"]),
    user_id: z.int().nullable(),
    company_id: z.int().nullable(),
    channel_id: z.int(),
    attempt: z.int(),
    channel_type: z.enum(["EMAIL", "SLACK"]),
    destination: z.string(),
    secret_id: z.string().nullable(),
    correlation: z.string().nullable(),
    uploads: z.record(z.string(), z.string()),
  })
  .transform((row) => ({
    id: row.id,
    kind: row.kind,
    userId: row.user_id,
    companyId: row.company_id,
    channelId: row.channel_id,
    attempt: row.attempt,
    /** The run of a source that opened it; of a report there is none. */
    correlation: row.correlation,
    uploads: row.uploads,
    channel: { type: row.channel_type, destination: row.destination, secretId: row.secret_id },
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
    from notification_channel channel
   where delivery.id = $1 and delivery.state = 'PENDING' and delivery.send_after <= $2
     and channel.id = delivery.channel_id
  returning delivery.id, delivery.kind, delivery.user_id, delivery.company_id, delivery.channel_id, delivery.attempt,
            channel.channel_type, channel.destination, channel.secret_id, delivery.correlation, delivery.uploads`;

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
