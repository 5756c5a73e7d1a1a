import { z } from "zod";
import { attemptDelivery, NotSentYetError, type SendContext } from "../../domain/message/attemptDelivery.ts";
import { settingsLink } from "../../domain/message/links.ts";
import type { TestMessage } from "../../domain/message/message.ts";
import { selectRow } from "../../platform/postgres.ts";

export const testMessagePayload = z.object({ channelId: z.int().positive() });

const resultRow = z
  .object({
    id: z.coerce.number(),
    state: z.string(),
    providerId: z.string().nullable(),
    error: z.string().nullable(),
  })
  .transform(({ id, state, providerId, error }) => ({
    deliveryId: id,
    state,
    providerId,
    error,
  }));

/** What the provider said to a test message. */
export type TestResult = z.output<typeof resultRow>;

const openedRow = z.object({ id: z.coerce.number(), name: z.string().nullable() });

/**
 * Sends a test message to a channel, paused or not, and says what came of it. It is tried once: what is wanted is
 * the provider's answer now.
 *
 * @returns undefined where there is no such channel
 */
export async function sendTestMessage(
  context: SendContext,
  { channelId }: z.output<typeof testMessagePayload>,
): Promise<TestResult | undefined> {
  const { db, clock } = context;
  const opened = await selectRow(db, openedRow, OPEN_TEST, [channelId, clock()]);
  if (opened === undefined) return undefined;
  const message = testMessage(opened.name ?? "there", clock());
  try {
    await attemptDelivery(context, opened.id, async () => message);
  } catch (error) {
    if (!(error instanceof NotSentYetError)) throw error;
    await db.query(GIVE_UP, [opened.id]);
  }
  return selectRow(db, resultRow, RESULT, [opened.id]);
}

const OPEN_TEST = `
  with opened as (
    insert into pipeline.delivery (kind, user_id, channel_id, send_after, created_at)
    select 'TEST', (select min(user_id) from notification_subscription where channel_id = $1), id, $2, $2
      from notification_channel where id = $1
    returning id, user_id
  )
  select opened.id, "user".name from opened left join "user" on "user".id = opened.user_id`;

const GIVE_UP = "update pipeline.delivery set state = 'FAILED' where id = $1 and state = 'PENDING'";

const RESULT = "select id, state::text, provider_id, error from pipeline.delivery where id = $1";

function testMessage(name: string, now: Date): TestMessage {
  return { kind: "test", user: { name }, links: { settings: settingsLink() }, sentAt: now };
}
