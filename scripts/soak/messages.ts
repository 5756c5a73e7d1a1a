import { z } from "zod";
import type { CaughtMail } from "../../functions/test/standins/mail.ts";
import type { StandInMessage } from "../../functions/test/standins/slack.ts";
import type { Trace } from "./outcome.ts";

/**
 * What was told to people, by the single findings: which of them come in one message depends on when they were found.
 */
export function toldFindings(
  mails: readonly CaughtMail[],
  slackMessages: readonly StandInMessage[],
): Trace[] {
  return [...mails.flatMap(findingsOfMail), ...slackMessages.flatMap(findingsInSlack)];
}

const FINDING = /^\[(CRITICAL|HIGH|MEDIUM|LOW)\] /;

/** In the text of an alert each finding stands between empty lines, below the company's name. */
function findingsOfMail({ to, subject, text = "" }: CaughtMail): Trace[] {
  const [company = "", ...parts] = text.replaceAll("\r\n", "\n").split("\n\n");
  const [name = ""] = company.split("\n");
  return parts
    .filter((part) => FINDING.test(part))
    .map((part) => ({
      what: ["EMAIL", to.join(" "), name, part.replaceAll(/\s+/g, " ")].join(" | "),
      ids: `email "${subject}"`,
    }));
}

const block = z.object({
  type: z.string(),
  text: z.object({ text: z.string() }).optional(),
  elements: z.array(z.object({ text: z.string() })).optional(),
});

/** A finding is a section with its words, and then, below its chart, a context that says why. */
function findingsInSlack({ channel, blocks, ts }: StandInMessage): Trace[] {
  const shown = blocks.map((one) => block.parse(one)).filter(({ type }) => type !== "image");
  const name = shown.find(({ type }) => type === "header")?.text?.text ?? "";
  return shown.flatMap(({ type, text }, position) => {
    const why = shown[position + 1]?.elements?.[0]?.text;
    if (type !== "section" || !why?.startsWith("*Why:*")) return [];
    return [{ what: ["SLACK", channel, name, text?.text, why].join(" | "), ids: `Slack message ${ts}` }];
  });
}
