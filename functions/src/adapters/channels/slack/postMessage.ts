import { setTimeout } from "node:timers/promises";
import type { WebClient } from "@slack/web-api";
import type { SlackContent } from "./blocks.ts";
import { deliveryMark, findPosted, type Posted } from "./findPosted.ts";
import { outcomeOfCall, slackErrorCode, unclearPost } from "./slackError.ts";

// An uploaded file can be shown only once Slack has worked on it, and no event tells when: posting tells.
const WAITS_FOR_FILES_MS = [500, 1_000, 2_000];

interface Post {
  readonly deliveryId: string;
  readonly now: Date;
  /** Renders it with its charts, or without. */
  readonly content: (withCharts: boolean) => SlackContent;
}

/**
 * Posts a message, marked with its delivery's id.
 *
 * @throws DeliveryError of the kind "unclear" where it may be in the channel, and whatever the client throws where it
 *   is not
 */
export async function postMessage(
  client: WebClient,
  channel: string,
  { content, ...delivery }: Post,
): Promise<Posted> {
  const withCharts = content(true);
  if (!withCharts.blocks.some(({ type }) => type === "image")) {
    return post(client, channel, delivery, withCharts);
  }
  for (const wait of [0, ...WAITS_FOR_FILES_MS]) {
    if (wait > 0) await setTimeout(wait);
    try {
      return await post(client, channel, delivery, withCharts);
    } catch (error) {
      // The refusal means that nothing was posted.
      if (slackErrorCode(error) !== "invalid_blocks") throw error;
    }
  }
  return post(client, channel, delivery, content(false));
}

type Delivery = Omit<Post, "content">;

async function post(
  client: WebClient,
  channel: string,
  delivery: Delivery,
  { text, blocks }: SlackContent,
): Promise<Posted> {
  try {
    const answer = await client.chat.postMessage({
      channel,
      text,
      blocks,
      unfurl_links: false,
      unfurl_media: false,
      metadata: deliveryMark(delivery.deliveryId),
    });
    return { channel: answer.channel ?? channel, ts: answer.ts ?? "" };
  } catch (error) {
    return postedAllTheSame(client, channel, delivery, error);
  }
}

/** Slack promises no idempotence of chat.postMessage: what came of a call that failed, the channel's history knows. */
async function postedAllTheSame(
  client: WebClient,
  channel: string,
  { deliveryId, now }: Delivery,
  error: unknown,
): Promise<Posted> {
  const outcome = outcomeOfCall(error);
  if (outcome === "refused") throw error;
  const found = await findPosted(client, channel, { deliveryId, since: now });
  if (typeof found === "object") return found;
  // Where Slack may still be at it, a message that is not there yet may come.
  if (found === "not there" && outcome === "ended") throw error;
  throw unclearPost(error, channel);
}
