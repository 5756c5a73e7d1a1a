import type { Message } from "../../../domain/message/message.ts";
import { alertBlocks } from "./alertBlocks.ts";
import type { SlackContent } from "./blocks.ts";
import { noticeBlocks } from "./noticeBlocks.ts";
import { reportBlocks } from "./reportBlocks.ts";
import { testBlocks } from "./testBlocks.ts";

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
