import { differences, readFailures, readOutcome, readSeries } from "../demo/outcome.ts";
import { startBrowser } from "../demo/picture.ts";
import { makeSetting, type Setting } from "../demo/setting.ts";
import { type DemoSummary, summaryAsJson, summaryAsText } from "../demo/summary.ts";
import { countDeliveries, readNews, undelivered } from "../demo/told.ts";
import {
  countRawDocuments,
  untilAnalyzed,
  untilDelivered,
  untilMined,
  untilNormalized,
  untilReported,
} from "../demo/watch.ts";
import { keepReport, planReports } from "../demo/weeklyReport.ts";
import { step } from "../progress.ts";
import { handshake, startDueTasks } from "../stack/register.ts";
import { stopEverything } from "../stack/shutdown.ts";
import { addRule } from "../stack/subscribers.ts";
import { UserError } from "../userError.ts";

/** The command's options. */
export interface DemoOptions {
  /** Print the summary as one JSON object; progress goes to standard error in any case. */
  readonly json: boolean;
  /** Ask the real GitHub API instead of recorded answers. */
  readonly live: boolean;
}

/** `demo`: runs the main job on real data and shows the result. */
export async function demo(options: DemoOptions): Promise<void> {
  const started = performance.now();
  const setting = await step("Start the stack", (report) => makeSetting(options, report));
  await step("Register the modules", (report) => introduce(setting, report));
  await step("Mine", (report) => mine(setting, report));
  const outcome = await step("Normalize", (report) => readWhenNormalized(setting, report));
  const told = await tell(setting);
  await step("Stop the stack", stopEverything);

  const summary = { ...outcome, ...told, seconds: Math.round((performance.now() - started) / 100) / 10 };
  console.log(options.json ? summaryAsJson(summary) : `\n${summaryAsText(summary)}`);
  const unexpected = [...summary.sources.flatMap(differences), ...undelivered(summary.deliveries)];
  if (unexpected.length > 0) {
    throw new UserError(`The result differs from what the input implies:\n  ${unexpected.join("\n  ")}`);
  }
}

async function introduce({ stack, db, sources }: Setting, report: (text: string) => void): Promise<void> {
  for (const source of sources) {
    report(source.name);
    await handshake(db, stack.baseUrl, source);
    if (source.rule !== undefined) await addRule(db, { id: source.id, rule: source.rule });
  }
}

async function mine(setting: Setting, report: (text: string) => void): Promise<void> {
  await startDueTasks(setting.stack.baseUrl);
  await untilMined(setting, report);
}

type Mined = Pick<DemoSummary, "sources" | "failures" | "series">;
type Told = Omit<DemoSummary, keyof Mined | "seconds">;

async function readWhenNormalized(setting: Setting, report: (text: string) => void): Promise<Mined> {
  const { db, sources } = setting;
  const mined = await Promise.all(
    sources.map(async (source) => ({ source, rawDocuments: await countRawDocuments(setting, source) })),
  );
  const all = mined.reduce((sum, { rawDocuments }) => sum + rawDocuments, 0);
  await untilNormalized(setting, all, report);
  return {
    sources: await Promise.all(
      mined.map(({ source, rawDocuments }) => readOutcome(db, source, rawDocuments)),
    ),
    failures: await readFailures(db),
    series: (await Promise.all(sources.map((source) => readSeries(db, source)))).flat(),
  };
}

async function tell(setting: Setting): Promise<Told> {
  const { stack, db } = setting;
  await step("Analyze", (report) => untilAnalyzed(setting, report));
  const browser = startBrowser();
  // Whoever needs it hears of it.
  browser.catch(() => undefined);
  await step("Notify", (report) => untilDelivered(setting, report));
  const report = await step("Report", async (progress) => {
    await planReports(setting);
    await untilReported(setting, progress);
    return keepReport(setting, browser);
  });
  return {
    news: await readNews(db),
    deliveries: await countDeliveries(db),
    mails: await stack.mails(),
    slackMessages: stack.slackMessages(),
    report,
  };
}
