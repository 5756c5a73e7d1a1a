import type { AlertMessage, ToldFinding } from "../../../domain/message/message.ts";
import { SEVERITY_LOOKS } from "../../../domain/message/severity.ts";
import { count, formatDay, historyLine } from "../../../domain/words/numbers.ts";
import { clipWords, oneLine } from "../../../domain/words/text.ts";
import { findingChartId } from "../chart/messageCharts.ts";
import type { HasChart, RenderedEmail } from "./email.ts";
import { html } from "./html.ts";
import { button, emailDocument, INK, link, linkList, row, SOFT, text } from "./layout.ts";
import { findingBlock, origin } from "./parts.ts";
import { paragraph, textDocument } from "./plainText.ts";

// Nobody reads on after that many; the company's page has them all.
const MAX_FINDINGS = 10;
const SUBJECT_LENGTH = 110;
const PREHEADER_LENGTH = 140;

/** The email of an alert. */
export function alertEmail(message: AlertMessage, hasChart: HasChart): RenderedEmail {
  const company = oneLine(message.company.name);
  const shown = message.findings.slice(0, MAX_FINDINGS);
  const charts = shown.map((_, i) => findingChartId(i)).filter(hasChart);
  return {
    subject: alertSubject(message),
    html: alertHtml(message, company, shown, hasChart),
    text: alertText(message, company, shown),
    images: charts,
  };
}

function alertSubject({ company, findings: [first, ...more], history }: AlertMessage): string {
  if (history?.isAll) return `${clipWords(oneLine(company.name), 50)}: ${historyLine(history)}`;
  const rest = more.length === 0 ? "" : ` (and ${more.length} more)`;
  const factor = first?.triggerFactor ? `, ${clipWords(oneLine(first.triggerFactor), 24)}` : "";
  const start = `${clipWords(oneLine(company.name), 50)}: ${oneLine(first?.title ?? "")}`;
  return `${clipWords(start, SUBJECT_LENGTH - factor.length - rest.length)}${factor}${rest}`;
}

function alertHtml(
  { findings, history, links, sentAt }: AlertMessage,
  company: string,
  shown: readonly ToldFinding[],
  hasChart: HasChart,
): string {
  const hidden = findings.length - shown.length;
  const blocks = shown.map((finding, i) => {
    const id = findingChartId(i);
    return html`<tr><td class="pad rule" style="padding:22px 32px 22px;${i > 0 && "border-top:1px solid #e4e7ec"}">
      ${findingBlock(finding, hasChart(id) ? id : undefined)}
      </td></tr>`;
  });
  return emailDocument({
    title: `News about ${company}`,
    preheader: clipWords(oneLine(findings[0]?.message ?? ""), PREHEADER_LENGTH),
    date: formatDay(sentAt),
    body: [
      row(
        html`<div class="ink h1" style="${text(26, 32, INK)};font-weight:700;letter-spacing:-.4px">${company}</div>
        <div class="soft" style="padding-top:2px;${text(15, 22, SOFT)}">${summary(findings, history)}</div>`,
        "20px 32px 0",
      ),
      blocks,
      hidden > 0 &&
        row(
          html`<div class="soft" style="${text(14, 21, SOFT)}">And ${count(hidden, "more finding")}, on the company&rsquo;s page.</div>`,
          "0 32px 18px",
        ),
      row(button(`Open ${clipWords(company, 40)}`, links.company), "2px 32px 28px"),
    ],
    footer: html`You get this because you follow ${company}.<br>
      ${linkList([
        link(html`Mute this company`, links.mute),
        link(html`Notification settings`, links.settings),
        ...(links.unsubscribe === undefined ? [] : [link(html`Unsubscribe`, links.unsubscribe)]),
      ])}`,
  });
}

function summary(findings: readonly ToldFinding[], history: AlertMessage["history"]): string {
  if (history?.isAll) return `${historyLine(history)}. The most important first`;
  const besides = history === undefined ? "" : `. Besides, ${lowerFirst(historyLine(history))}`;
  return `${liveSummary(findings)}${besides}`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function liveSummary(findings: readonly ToldFinding[]): string {
  const worst = findings[0];
  if (worst === undefined) return "";
  const label = SEVERITY_LOOKS[worst.severity].label.toLowerCase();
  return findings.length === 1
    ? `One finding of ${label} severity`
    : `${count(findings.length, "finding")}, the most severe first`;
}

function alertText(
  { findings, history, links }: AlertMessage,
  company: string,
  shown: readonly ToldFinding[],
): string {
  const hidden = findings.length - shown.length;
  const footer: [string, string][] = [
    [`Open ${company}`, links.company],
    ["Mute this company", links.mute],
    ["Notification settings", links.settings],
  ];
  if (links.unsubscribe !== undefined) footer.push(["Unsubscribe", links.unsubscribe]);
  return textDocument({
    title: company,
    parts: [
      paragraph(summary(findings, history)),
      ...shown.map(findingText),
      ...(hidden > 0 ? [paragraph(`And ${count(hidden, "more finding")}, on the company's page.`)] : []),
    ],
    reason: `You get this because you follow ${company}.`,
    links: footer,
  });
}

function findingText(finding: ToldFinding): string {
  const { severity, triggerFactor, title, message, why } = finding;
  const label = SEVERITY_LOOKS[severity].label.toUpperCase();
  const factor = triggerFactor === null ? "" : ` (${oneLine(triggerFactor)})`;
  return [
    paragraph(`[${label}] ${oneLine(title)}${factor}`),
    paragraph(message),
    paragraph(`Why you get this: ${why}`),
    paragraph(origin(finding)),
  ].join("\n");
}
