import type { NoticeMessage } from "../../../domain/message/message.ts";
import { formatInstant } from "../../../domain/words/numbers.ts";
import { context, header, type SlackContent, section } from "./blocks.ts";
import { clipMrkdwn } from "./mrkdwn.ts";

/** What operators are told. */
export function noticeBlocks({ subject, body, createdAt }: NoticeMessage): SlackContent {
  return {
    text: subject,
    blocks: [header(subject), section(clipMrkdwn(body, 2_900)), context(formatInstant(createdAt))],
  };
}
