import type { WebClient } from "@slack/web-api";

const EVENT_TYPE = "parma_delivery";

// What a channel got in the seconds since a message was posted is far less; where it is not, nothing is certain.
const PAGE_SIZE = 200;
// Between Slack's clock and ours.
const MARGIN_S = 60;

/** A message in a channel. */
export interface Posted {
  readonly channel: string;
  readonly ts: string;
}

/** What a message carries, unseen, for {@link findPosted}. */
export function deliveryMark(deliveryId: string) {
  return { event_type: EVENT_TYPE, event_payload: { delivery_id: deliveryId } };
}

/**
 * Looks for a delivery's message in a channel.
 *
 * @returns "not readable" where that cannot be found out: the app may not read the channel (channels:history, or
 *   groups:history for a private one), Slack does not answer, or there is more than can be looked through
 */
export async function findPosted(
  client: WebClient,
  channel: string,
  { deliveryId, since }: { deliveryId: string; since: Date },
): Promise<Posted | "not there" | "not readable"> {
  try {
    const { messages = [], has_more } = await client.conversations.history({
      channel,
      oldest: String(since.getTime() / 1_000 - MARGIN_S),
      limit: PAGE_SIZE,
      include_all_metadata: true,
    });
    const found = messages.find(({ metadata }) => isMarked(metadata, deliveryId));
    if (found?.ts !== undefined) return { channel, ts: found.ts };
    return has_more ? "not readable" : "not there";
  } catch {
    // Whatever it is, the failure of the message itself is what matters.
    return "not readable";
  }
}

function isMarked(
  metadata: { event_type?: string; event_payload?: object } | undefined,
  deliveryId: string,
): boolean {
  const payload = metadata?.event_payload;
  return (
    metadata?.event_type === EVENT_TYPE &&
    payload !== undefined &&
    "delivery_id" in payload &&
    payload.delivery_id === deliveryId
  );
}
