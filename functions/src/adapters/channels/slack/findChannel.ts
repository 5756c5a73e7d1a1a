import { createHash } from "node:crypto";
import type { WebClient } from "@slack/web-api";
import { channelNotFound, slackErrorCode } from "./slackError.ts";

const CHANNEL_ID = /^[CGDU][A-Z0-9]{8,}$/;
const PAGE_SIZE = 1_000;
// A guard against a cursor that leads in circles: 100,000 channels.
const MAX_PAGES = 100;

// Saves conversations.list, of which Slack allows 20 a minute. Nothing relies on it: a process without it asks.
const TTL_MS = 10 * 60_000;
const MAX_ENTRIES = 1_000;
const known = new Map<string, { readonly id: string; readonly until: number }>();

/** A channel to post to, and whether that comes from memory, and may be out of date. */
export interface FoundChannel {
  readonly id: string;
  readonly isRemembered: boolean;
}

/**
 * Finds the channel that a user named: by its id, or by its name with or without #.
 *
 * Where the app may not list channels the name itself is returned, which chat.postMessage takes for public ones.
 *
 * @throws DeliveryError where the bot sees no such channel, and whatever the client throws
 */
export async function findChannel(
  client: WebClient,
  { token, destination, now }: { token: string; destination: string; now: Date },
): Promise<FoundChannel> {
  const wanted = destination.trim();
  if (CHANNEL_ID.test(wanted)) return { id: wanted, isRemembered: false };
  const name = wanted.replace(/^#/, "").toLowerCase();
  if (name === "") throw channelNotFound(destination);
  const key = keyOf(token, name);
  const remembered = known.get(key);
  if (remembered !== undefined && remembered.until > now.getTime()) {
    return { id: remembered.id, isRemembered: true };
  }
  const listed = await listedId(client, name);
  if (listed === "not listable") return { id: `#${name}`, isRemembered: false };
  if (listed === undefined) throw channelNotFound(destination);
  remember(key, listed, now);
  return { id: listed, isRemembered: false };
}

/** Forgets where a name led to, once Slack says that it is no more. */
export function forgetChannel(token: string, destination: string): void {
  known.delete(keyOf(token, destination.trim().replace(/^#/, "").toLowerCase()));
}

async function listedId(client: WebClient, name: string): Promise<string | undefined | "not listable"> {
  try {
    return await searchPages(client, name, "public_channel,private_channel");
  } catch (error) {
    if (slackErrorCode(error) !== "missing_scope") throw error;
  }
  // Private channels take a scope of their own (groups:read) that an app may do without.
  try {
    return await searchPages(client, name, "public_channel");
  } catch (error) {
    if (slackErrorCode(error) === "missing_scope") return "not listable";
    throw error;
  }
}

async function searchPages(client: WebClient, name: string, types: string): Promise<string | undefined> {
  let cursor = "";
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await client.conversations.list({
      types,
      exclude_archived: true,
      limit: PAGE_SIZE,
      ...(cursor === "" ? {} : { cursor }),
    });
    const found = answer.channels?.find((channel) => channel.name?.toLowerCase() === name);
    if (found?.id !== undefined) return found.id;
    cursor = answer.response_metadata?.next_cursor ?? "";
    if (cursor === "") return undefined;
  }
  return undefined;
}

function remember(key: string, id: string, now: Date): void {
  if (known.size >= MAX_ENTRIES) known.clear();
  known.set(key, { id, until: now.getTime() + TTL_MS });
}

function keyOf(token: string, name: string): string {
  return `${createHash("sha256").update(token).digest("base64url")} ${name}`;
}
