import type { KnownBlock } from "@slack/types";
import { clipWords, oneLine } from "../../../domain/words/text.ts";

/** Slack's limits of Block Kit (docs.slack.dev, block reference), below which every message stays. */
export const LIMITS = {
  blocks: 50,
  header: 150,
  section: 3_000,
  context: 2_000,
  // 2,000 for Slack: nobody listens to that.
  altText: 200,
  /** Of all texts of a message. Slack gives no figure for msg_blocks_too_long; 13,200 were seen to pass. */
  message: 12_000,
} as const;

/** A message for Slack, before it has a channel. */
export interface SlackContent {
  /** What notifications and screen readers say, where the blocks cannot be shown. */
  readonly text: string;
  readonly blocks: KnownBlock[];
}

export function header(text: string): KnownBlock {
  const words = clipWords(oneLine(text), LIMITS.header);
  // A header may not be empty; a name of nothing but what cannot be printed is.
  return { type: "header", text: { type: "plain_text", text: words === "" ? "–" : words, emoji: false } };
}

/** A paragraph of mrkdwn that is within the limit already. */
export function section(mrkdwn: string): KnownBlock {
  // verbatim: names that look like a URL or a channel stay text.
  return { type: "section", text: { type: "mrkdwn", text: mrkdwn, verbatim: true } };
}

/** Small print. Links go here rather than on buttons: a button calls the app's server, which this app has none of. */
export function context(mrkdwn: string): KnownBlock {
  return { type: "context", elements: [{ type: "mrkdwn", text: mrkdwn, verbatim: true }] };
}

export function divider(): KnownBlock {
  return { type: "divider" };
}

/** An image that was uploaded to Slack before. */
export function image(fileId: string, altText: string): KnownBlock {
  return { type: "image", slack_file: { id: fileId }, alt_text: clipWords(oneLine(altText), LIMITS.altText) };
}
