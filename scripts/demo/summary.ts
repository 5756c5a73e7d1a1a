import { styleText } from "node:util";
import Table from "cli-table3";
import type { CaughtMail } from "../../functions/test/standins/mail.ts";
import type { StandInMessage } from "../../functions/test/standins/slack.ts";
import { VALUE_TYPES, type ValueCounts } from "./expectation.ts";
import { lineChart } from "./lineChart.ts";
import { type Failure, type Series, type SourceOutcome, totalOf } from "./outcome.ts";
import type { DeliveryCounts, DemoNews } from "./told.ts";
import type { KeptReport } from "./weeklyReport.ts";

/** Everything the demo shows. */
export interface DemoSummary {
  readonly sources: readonly SourceOutcome[];
  readonly failures: readonly Failure[];
  readonly series: readonly Series[];
  readonly news: readonly DemoNews[];
  readonly deliveries: DeliveryCounts;
  /** What arrived. */
  readonly mails: readonly CaughtMail[];
  readonly slackMessages: readonly StandInMessage[];
  readonly report: KeptReport;
  readonly seconds: number;
}

/** The summary for programs. */
export function summaryAsJson({ sources, news, deliveries, report, seconds }: DemoSummary): string {
  return JSON.stringify({
    sources: sources.map((outcome) => ({
      name: outcome.source.name,
      companies: outcome.companies,
      calls: outcome.calls,
      succeeded: outcome.succeeded,
      failed: outcome.failed,
      rawDocuments: outcome.rawDocuments,
      values: totalOf(outcome.values),
      issues: outcome.issues,
    })),
    values: totalOfAll(sources),
    news,
    deliveries,
    report: { html: report.html, png: report.png },
    seconds,
  });
}

const MAX_WIDTH = 100;

/** The summary as text, no wider than the terminal. */
export function summaryAsText(summary: DemoSummary): string {
  const { sources, failures, series, seconds } = summary;
  const width = Math.min(process.stdout.columns ?? MAX_WIDTH, MAX_WIDTH);
  const documents = sources.reduce((sum, { rawDocuments }) => sum + rawDocuments, 0);
  return [
    ...series.map(
      ({ company, title, points }) => `${bold(company)}, ${title}\n${lineChart(points, width)}\n`,
    ),
    tableOf(sources),
    ...failures.map(({ source, company, error }) => `${red("✖")} ${source}, ${company}: ${error}`),
    "",
    bold(`${count(totalOfAll(sources))} values from ${count(documents)} raw documents in ${seconds} s.`),
    "",
    ...whatWasTold(summary),
    "",
    "To explore further, run scripts/dev start. It keeps a stack running and prints its addresses:",
    "  <email inbox>, <Slack>  all messages, as web pages",
    "  <base URL>/schedule     starts what is due",
    "  <base URL>/handshake?invocation_endpoint=…&data_source_id=…     registers a source's module",
    "  <database>              company, data_source, scheduled_task, measurement_*_value, and the schema pipeline",
  ].join("\n");
}

const SHOWN_NEWS = 10;
const SHOWN_MESSAGES = 8;

function whatWasTold({ news, deliveries, mails, slackMessages, report }: DemoSummary): string[] {
  const table = new Table({
    head: ["Severity", "Company", "Measurement", "Date", "News"].map(bold),
    style: { head: [], border: [] },
  });
  for (const { severity, company, measurement, observedAt, title } of news.slice(0, SHOWN_NEWS)) {
    table.push([severity, company, measurement, observedAt.toISOString().slice(0, 10), title]);
  }
  const channels = Object.entries(deliveries).map(
    ([channel, states]) =>
      `${channel} ${Object.entries(states)
        .map(([state, number]) => `${number} ${state}`)
        .join(", ")}`,
  );
  return [
    table.toString(),
    bold(`${news.length} news; deliveries: ${channels.join("; ")}.`),
    "",
    ...arrived(
      "Inbox",
      mails.map(({ to, subject }) => `${to.join(", ")}  ${subject}`),
    ),
    ...arrived(
      "Slack",
      slackMessages.map(({ text }) => text.split("\n")[0] ?? ""),
    ),
    "",
    `Report                    ${report.html}`,
    `  as a picture            ${report.png ?? `not drawn: ${report.notDrawn}`}`,
    `What Slack shows          ${report.slack}`,
  ];
}

/** The latest messages, which include the report. */
function arrived(where: string, messages: readonly string[]): string[] {
  const shown = messages.slice(-SHOWN_MESSAGES);
  const others = messages.length - shown.length;
  return [
    bold(`${where}: ${count(messages.length)}`),
    ...(others > 0 ? [`  … ${count(others)} before`] : []),
    ...shown.map((message) => `  ${message}`),
  ];
}

function tableOf(sources: readonly SourceOutcome[]): string {
  const table = new Table({
    head: ["Source", "Companies", "Calls", "Raw documents", "Values", "Issues"].map(bold),
    colAligns: ["left", "right", "left", "right", "left", "right"],
    style: { head: [], border: [] },
  });
  for (const { source, companies, succeeded, failed, rawDocuments, values, issues } of sources) {
    const calls =
      failed > 0 ? `${succeeded} succeeded\n${red(`${failed} failed`)}` : `${succeeded} succeeded`;
    table.push([source.name, companies, calls, count(rawDocuments), valuesByType(values), issues]);
  }
  return table.toString();
}

function valuesByType(values: ValueCounts): string {
  return VALUE_TYPES.flatMap((type) => {
    const number = values[type];
    return number === undefined ? [] : `${count(number).padStart(5)} ${type}`;
  }).join("\n");
}

function totalOfAll(sources: readonly SourceOutcome[]): number {
  return sources.reduce((sum, { values }) => sum + totalOf(values), 0);
}

function count(number: number): string {
  return number.toLocaleString("en-US");
}

// styleText omits colours if the output is not a terminal or NO_COLOR is set.
function bold(text: string): string {
  return styleText("bold", text);
}

function red(text: string): string {
  return styleText("red", text);
}
