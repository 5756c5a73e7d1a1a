import type { TestMessage } from "../../../domain/message/message.ts";
import { formatInstant } from "../../../domain/words/numbers.ts";
import { context, header, type SlackContent, section } from "./blocks.ts";
import { clipMrkdwn, slackLink } from "./mrkdwn.ts";

/** The message that shows that a channel works. */
export function testBlocks({ user, links, sentAt }: TestMessage): SlackContent {
  const words = `Hello ${clipMrkdwn(user.name, 100)}, this channel gets your news and reports from Parma Analytics from now on.`;
  return {
    text: "It works: a test message of Parma Analytics",
    blocks: [
      header("It works."),
      section(words),
      context(`Sent on ${formatInstant(sentAt)}  ·  ${slackLink(links.settings, "Notification settings")}`),
    ],
  };
}
