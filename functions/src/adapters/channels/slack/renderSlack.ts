import type { Message, NoticeMessage, TestMessage } from "../../../domain/message/message.ts";
import { formatInstant } from "../../../domain/words/numbers.ts";
import { alertBlocks } from "./alertBlocks.ts";
import { context, header, type SlackContent, section } from "./blocks.ts";
import { clipMrkdwn, slackLink } from "./mrkdwn.ts";
import { reportBlocks } from "./reportBlocks.ts";

/**
 * A message in Block Kit.
 *
 * @param files the ids of the charts' files at Slack, by chart id
 */
export function renderSlack(message: Message, files: ReadonlyMap<string, string>): SlackContent {
  switch (message.kind) {
    case "alert":
      return alertBlocks(message, files);
    case "report":
      return reportBlocks(message);
    case "test":
      return testBlocks(message);
    case "notice":
      return noticeBlocks(message);
  }
}

/** What operators are told. */
function noticeBlocks({ subject, body, createdAt }: NoticeMessage): SlackContent {
  return {
    text: subject,
    blocks: [header(subject), section(clipMrkdwn(body, 2_900)), context(formatInstant(createdAt))],
  };
}

/** The message that shows that a channel works. */
function testBlocks({ user, links, sentAt }: TestMessage): SlackContent {
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
