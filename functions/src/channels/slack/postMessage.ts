import { createHash } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import type { WebClient } from "@slack/web-api";
import type { SlackContent } from "./blocks.ts";
import { slackErrorCode } from "./slackError.ts";

const EVENT_TYPE = "parma_delivery";

// An uploaded file can be shown only once Slack has worked on it, and no event tells when: posting tells.
const WAITS_FOR_FILES_MS = [500, 1_000, 2_000];

const HISTORY_PAGE = 200;
const HISTORY_PAGES = 5;
// Slack's clock and ours, and a delivery whose start was recorded a moment late.
const HISTORY_MARGIN_S = 60;

/** A message in a channel. */
export interface Posted {
  readonly channel: string;
  readonly ts: string;
}

/**
 * Posts a message, marked with its delivery's id.
 *
 * @param content renders it with its charts, or without
 * @throws whatever the client throws
 */
export async function postMessage(
  client: WebClient,
  channel: string,
  { deliveryId, content }: { deliveryId: string; content: (withCharts: boolean) => SlackContent },
): Promise<Posted> {
  const withCharts = content(true);
  if (!withCharts.blocks.some(({ type }) => type === "image"))
    return post(client, channel, deliveryId, withCharts);
  for (const wait of [0, ...WAITS_FOR_FILES_MS]) {
    if (wait > 0) await setTimeout(wait);
    try {
      return await post(client, channel, deliveryId, withCharts);
    } catch (error) {
      // The refusal means that nothing was posted.
      if (slackErrorCode(error) !== "invalid_blocks") throw error;
    }
  }
  return post(client, channel, deliveryId, content(false));
}

async function post(
  client: WebClient,
  channel: string,
  deliveryId: string,
  { text, blocks }: SlackContent,
): Promise<Posted> {
  const message = {
    channel,
    text,
    blocks,
    unfurl_links: false,
    unfurl_media: false,
    metadata: { event_type: EVENT_TYPE, event_payload: { delivery_id: deliveryId } },
    // Not documented, so nothing relies on it: where Slack regards it, it drops a repetition by itself.
    client_msg_id: uuidOf(deliveryId),
  };
  const answer = await client.chat.postMessage(message);
  return { channel: answer.channel ?? channel, ts: answer.ts ?? "" };
}

/**
 * Looks whether a delivery's message is in the channel already. Slack promises no idempotence of chat.postMessage:
 * an earlier attempt that got no answer may have posted, and only the channel's history knows.
 *
 * @returns undefined where it is not, or where the app may not read the history
 */
export async function findPosted(
  client: WebClient,
  channel: string,
  { deliveryId, since }: { deliveryId: string; since: Date },
): Promise<Posted | undefined> {
  let cursor = "";
  for (let page = 0; page < HISTORY_PAGES; page += 1) {
    const answer = await readHistory(client, {
      channel,
      oldest: String(since.getTime() / 1_000 - HISTORY_MARGIN_S),
      limit: HISTORY_PAGE,
      include_all_metadata: true,
      ...(cursor === "" ? {} : { cursor }),
    });
    const found = answer?.messages?.find(({ metadata }) => isDelivery(metadata, deliveryId));
    if (found?.ts !== undefined) return { channel, ts: found.ts };
    cursor = answer?.response_metadata?.next_cursor ?? "";
    if (cursor === "") return undefined;
  }
  return undefined;
}

type HistoryArguments = Parameters<WebClient["conversations"]["history"]>[0];

// The errors that say that there is nothing to be read. Posting tells the user what is wrong, where something is.
const UNREADABLE = new Set(["missing_scope", "not_in_channel", "channel_not_found", "no_permission"]);

async function readHistory(client: WebClient, query: HistoryArguments) {
  try {
    return await client.conversations.history(query);
  } catch (error) {
    if (UNREADABLE.has(slackErrorCode(error) ?? "")) return undefined;
    throw error;
  }
}

function isDelivery(
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

function uuidOf(deliveryId: string): string {
  const hex = createHash("sha256").update(deliveryId).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
