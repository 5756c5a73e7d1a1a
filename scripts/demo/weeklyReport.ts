import { copyFile, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { z } from "zod";
import { selectRow } from "../../functions/src/platform/postgres.ts";
import { localDir } from "../paths.ts";
import { messageOf, UserError } from "../userError.ts";
import { takePicture } from "./picture.ts";
import type { Setting } from "./setting.ts";

/** Where the rendered report is after the demo. */
export interface KeptReport {
  readonly html: string;
  /** The page as a picture; null where it could not be drawn. */
  readonly png: string | null;
  /** Why there is no picture. */
  readonly notDrawn?: string;
  /** The Slack messages as a page. */
  readonly slack: string;
}

/** Requests everybody's report for this week, as an operator does. */
export async function planReports({ stack }: Setting): Promise<void> {
  const response = await fetch(new URL("/weekly-reports", stack.baseUrl), {
    headers: { Authorization: `Bearer ${stack.secrets.operator}` },
  });
  const text = await response.text();
  if (response.status !== 200) {
    throw new UserError(`GET /weekly-reports answered ${response.status}: ${text}`);
  }
}

const PAGE = `
  select page_blob from pipeline.report_run run
   where page_blob is not null and exists (
     select from notification_subscription subscription
       join notification_channel channel on channel.id = subscription.channel_id
      where subscription.user_id = run.user_id and channel.channel_type = 'EMAIL')`;

const keptRuns = 10;

/** Copies the report and the Slack page to a place that outlives the stack, and draws the report. */
export async function keepReport({ stack, db }: Setting, browser: Promise<Browser>): Promise<KeptReport> {
  const page = await selectRow(db, z.object({ pageBlob: z.string() }), PAGE);
  if (page === undefined) throw new UserError(`There is no report; see ${stack.logFile}`);
  const folder = await newFolder();
  const html = join(folder, "report.html");
  await copyFile(join(stack.blobDir, page.pageBlob), html);
  const slack = join(folder, "slack.html");
  await writeFile(slack, await (await fetch(stack.slackUrl)).text());
  const png = join(folder, "report.png");
  try {
    await takePicture(await browser, html, png);
    return { html, png, slack };
  } catch (error) {
    // The report exists without its picture.
    return { html, png: null, notDrawn: messageOf(error).split("\n")[0] ?? "", slack };
  }
}

/** A folder for this run; the latest runs' folders are kept. */
async function newFolder(): Promise<string> {
  const reports = join(localDir, "reports");
  await mkdir(reports, { recursive: true });
  const older = (await readdir(reports)).sort().slice(0, -keptRuns + 1);
  for (const run of older) await rm(join(reports, run), { recursive: true, force: true });
  const folder = join(reports, `${new Date().toISOString().replace(/[:.]/g, "-")}-${process.pid}`);
  await mkdir(folder);
  return folder;
}
