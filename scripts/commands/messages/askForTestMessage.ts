import { randomUUID } from "node:crypto";
import { z } from "zod";
import { selectRow } from "../../../functions/src/platform/postgres.ts";
import { taskId } from "../../../functions/src/platform/taskQueue.ts";
import { UserError } from "../../userError.ts";
import { type Asking, resultOf } from "./functionResult.ts";

const beforeRow = z.object({ latest: z.coerce.number() });

// Skips earlier test messages to the same channel.
const BEFORE = `
  select coalesce((select max(id) from pipeline.delivery where channel_id = $1), 0) as latest
    from notification_channel where id = $1`;

const resultRow = z.object({
  state: z.enum(["SENT", "FAILED", "UNKNOWN", "SUPPRESSED"]),
  providerId: z.string().nullable(),
  error: z.string().nullable(),
});

const RESULT = `
  select state::text, provider_id, error from pipeline.delivery
   where channel_id = $1 and kind = 'TEST' and id > $2 and state not in ('PENDING', 'SENDING')
   order by id limit 1`;

/** The outcome of a test message. */
export type TestMessageResult = z.output<typeof resultRow>;

/** Asks the function `sendTestMessage` to send a test message to a channel, and waits for the result. */
export async function askForTestMessage(
  { db, enqueue, patienceMs }: Asking,
  channelId: number,
): Promise<TestMessageResult> {
  const before = await selectRow(db, beforeRow, BEFORE, [channelId]);
  if (before === undefined) throw new UserError(`There is no channel ${channelId}.`);
  await enqueue("sendTestMessage", [{ id: taskId("test", channelId, randomUUID()), payload: { channelId } }]);
  const result = await resultOf(
    () => selectRow(db, resultRow, RESULT, [channelId, before.latest]),
    patienceMs,
  );
  if (result !== undefined) return result;
  throw new UserError("The function sendTestMessage did not answer; see its log.");
}
