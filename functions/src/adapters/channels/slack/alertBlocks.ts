import type { KnownBlock } from "@slack/types";
import type { AlertMessage, ToldFinding } from "../../../domain/message/message.ts";
import { SEVERITY_LOOKS } from "../../../domain/message/severity.ts";
import { count, formatInstant, historyLine } from "../../../domain/words/numbers.ts";
import { clipWords, oneLine } from "../../../domain/words/text.ts";
import { findingChartId } from "../chart/messageCharts.ts";
import { context, divider, header, image, LIMITS, type SlackContent, section } from "./blocks.ts";
import { bold, boldFigure, clipMrkdwn, slackLink } from "./mrkdwn.ts";

// Four blocks each, with the frame's four: 45 of 50.
const MAX_FINDINGS = 10;
const TITLE_LENGTH = 200;
const FACTOR_LENGTH = 40;
const WHY_LENGTH = 400;
const ORIGIN_LENGTH = 150;
const FRAME_LENGTH = 1_500;
const FALLBACK_LENGTH = 300;

/**
 * An alert in Block Kit.
 *
 * @param files the ids of the charts' files at Slack, by chart id
 */
export function alertBlocks(message: AlertMessage, files: ReadonlyMap<string, string>): SlackContent {
  const { company, findings } = message;
  const shown = findings.slice(0, MAX_FINDINGS);
  const room = (LIMITS.message - FRAME_LENGTH) / shown.length;
  const blocks = shown.flatMap((finding, i) => [
    ...(i === 0 ? [] : [divider()]),
    ...findingBlocks(finding, room, files.get(findingChartId(i))),
  ]);
  return {
    text: fallback(message),
    blocks: [header(company.name), ...historyBlock(message), ...blocks, ...closing(message, shown.length)],
  };
}

function historyBlock({ history }: AlertMessage): KnownBlock[] {
  return history === undefined ? [] : [context(`${historyLine(history)}.`)];
}

function findingBlocks(finding: ToldFinding, room: number, file: string | undefined): KnownBlock[] {
  const { title, message, triggerFactor, severity, why, sourceName, measurementName, observedAt } = finding;
  const factor = triggerFactor === null ? "" : `   ${boldFigure(triggerFactor, FACTOR_LENGTH)}`;
  const heading = `${SEVERITY_LOOKS[severity].emoji} ${bold(title, TITLE_LENGTH)}${factor}`;
  const words = Math.min(room - WHY_LENGTH - ORIGIN_LENGTH, LIMITS.section) - heading.length - 50;
  const origin = clipMrkdwn(`${oneLine(sourceName)} · ${oneLine(measurementName)}`, ORIGIN_LENGTH - 30);
  return [
    section(`${heading}\n${clipMrkdwn(message, words)}`),
    ...(file === undefined ? [] : [image(file, `Chart of ${measurementName}: ${title}`)]),
    context(`*Why:* ${clipMrkdwn(why, WHY_LENGTH)}\n${origin} · ${formatInstant(observedAt)}`),
  ];
}

function closing({ company, findings, links }: AlertMessage, shown: number): KnownBlock[] {
  const hidden = findings.length - shown;
  const actions = [
    slackLink(links.company, `Open ${company.name}`),
    slackLink(links.mute, "Mute this company"),
    slackLink(links.settings, "Notification settings"),
  ];
  return [
    divider(),
    ...(hidden > 0 ? [section(`And ${count(hidden, "more finding")}, on the company's page.`)] : []),
    context(actions.join("  ·  ")),
  ];
}

function fallback({ company, findings, history }: AlertMessage): string {
  if (history?.isAll) return `${clipMrkdwn(oneLine(company.name), FALLBACK_LENGTH)}: ${historyLine(history)}`;
  const [first, ...more] = findings;
  const factor = first?.triggerFactor ? `, ${clipWords(oneLine(first.triggerFactor), 24)}` : "";
  const rest = more.length === 0 ? "" : ` (and ${more.length} more)`;
  const words = `${oneLine(company.name)}: ${oneLine(first?.title ?? "")}${factor}`;
  return `${clipMrkdwn(words, FALLBACK_LENGTH)}${rest}`;
}
