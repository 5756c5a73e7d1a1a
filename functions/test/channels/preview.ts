import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { drawCharts } from "../../src/adapters/channels/chart/drawChart.ts";
import { messageCharts } from "../../src/adapters/channels/chart/messageCharts.ts";
import { renderEmail } from "../../src/adapters/channels/email/renderEmail.ts";
import { renderSlack } from "../../src/adapters/channels/slack/renderSlack.ts";
import type { Message } from "../../src/domain/message/message.ts";
import { messagesPage } from "../standins/slackPage.ts";
import {
  NAUGHTY_NAMES,
  sampleAlert,
  sampleFinding,
  sampleNotice,
  sampleReport,
  sampleReportCompany,
  sampleTest,
} from "./sampleMessages.ts";

// node functions/test/channels/preview.ts DIR: every kind of message as files to look at, before anybody gets them.

const naughtyFindings = NAUGHTY_NAMES.map((name) =>
  sampleFinding({ title: name, message: name, sourceName: name }),
);

const SAMPLES: Readonly<Record<string, Message>> = {
  "alert-1": sampleAlert(1),
  "alert-7": sampleAlert(7),
  "alert-naughty": sampleAlert(1, {
    company: { id: 1, name: NAUGHTY_NAMES[5] },
    findings: naughtyFindings,
  }),
  "report-12": sampleReport(12),
  "report-naughty": sampleReport(0, {
    companies: NAUGHTY_NAMES.map((name, i) => sampleReportCompany(i, name)),
  }),
  "report-empty": sampleReport(0),
  test: sampleTest(),
  notice: sampleNotice(),
};

const folder = resolve(process.argv[2] ?? "preview");
await mkdir(folder, { recursive: true });
for (const [name, message] of Object.entries(SAMPLES)) await preview(name, message);
console.log(`Open ${join(folder, "alert-1.html")}, and the others beside it.`);

/** Writes a message as an email (HTML and text) and as Slack shows it. */
async function preview(name: string, message: Message): Promise<void> {
  const charts = await drawCharts(messageCharts(message));
  const email = renderEmail(message, (id) => charts.has(id));
  const html = email.html.replaceAll(/cid:([\w-]+)/g, (_, id: string) => pngUrl(charts.get(id)));
  await writeFile(join(folder, `${name}.html`), html);
  await writeFile(join(folder, `${name}.txt`), `Subject: ${email.subject}\n\n${email.text}`);

  const images = new Map([...charts].slice(0, 3).map(([, png], i) => [`F000000000${i}`, Buffer.from(png)]));
  const files = new Map([...charts.keys()].slice(0, 3).map((id, i) => [id, `F000000000${i}`]));
  const content = renderSlack(message, files);
  const posted = {
    channel: "news",
    ts: "0",
    metadata: null,
    postedAt: (message.kind === "notice" ? message.createdAt : message.sentAt).toISOString(),
    ...content,
  };
  await writeFile(join(folder, `${name}.slack.html`), messagesPage([posted], new Map(), images));
}

function pngUrl(png: Uint8Array | undefined): string {
  return `data:image/png;base64,${Buffer.from(png ?? []).toString("base64")}`;
}
