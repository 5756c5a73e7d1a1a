import { clipWords, oneLine, printable } from "../../../domain/words/text.ts";

/** Text for Slack's mrkdwn: nothing in it becomes a link, a mention or a channel. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Text of at most `max` characters as Slack counts them, which is after escaping, cut between words. */
export function clipMrkdwn(text: string, max: number): string {
  return escaped(clipWords(printable(text).trim(), max, (piece) => escaped(piece).length));
}

/** One line in bold. An asterisk in it would end the bold, so it becomes one that does not. */
export function bold(text: string, max: number): string {
  return `*${clipMrkdwn(oneLine(text).replaceAll("*", "∗"), max - 2)}*`;
}

/** A figure in bold, which no line breaks in: "+38%". */
export function boldFigure(words: string, max: number): string {
  return bold(words, max).replaceAll(" ", "\u00a0");
}

/** A link with a label. */
export function slackLink(href: string, label: string, max = 150): string {
  const target = new URL(href).href.replaceAll("|", "%7C");
  return `<${escaped(target)}|${clipMrkdwn(oneLine(label), max)}>`;
}

/** As many whole lines as fit, and how many did not. */
export function linesWithin(lines: readonly string[], max: number): { text: string; left: number } {
  let text = "";
  for (const [i, line] of lines.entries()) {
    const longer = i === 0 ? line : `${text}\n${line}`;
    if (longer.length > max) return { text, left: lines.length - i };
    text = longer;
  }
  return { text, left: 0 };
}
