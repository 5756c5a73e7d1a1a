import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { advance, DEFAULT_SETTINGS, type Verdict } from "../../functions/src/domain/detector/detector.ts";
import { parseSeriesCsv, type SeriesRow } from "../../functions/src/domain/detector/seriesCsv.ts";
import { start } from "../../functions/src/domain/detector/state.ts";
import { settingsFor } from "../../functions/src/stages/analyze/anomalies.ts";
import { messageOf, UserError } from "../userError.ts";
import { alertChart } from "./alertChart.ts";

/** The command's options. */
export interface DetectOptions {
  /** Print one JSON object. */
  readonly json: boolean;
  /** Judge every CSV below this folder, instead of one file… */
  readonly dir?: string;
  /** …and write the scores under the same relative paths below this one. */
  readonly out?: string;
}

interface Judged {
  readonly row: SeriesRow;
  readonly verdict: Verdict;
}

/** `detect`: runs the anomaly detector over series in CSV files, point by point as in production. */
export async function detect(file: string | undefined, options: DetectOptions): Promise<void> {
  const { dir, out, json } = options;
  if (file !== undefined && dir === undefined && out === undefined) {
    const judged = await judgeFile(file);
    console.log(json ? asJson(judged) : asText(judged));
  } else if (file === undefined && dir !== undefined && out !== undefined) {
    await judgeFolder(dir, out, json);
  } else {
    throw new UserError("Give either one CSV file, or both --dir and --out.");
  }
}

async function judgeFile(file: string): Promise<Judged[]> {
  const state = start();
  return (await readRows(file)).map((row) => ({
    row,
    verdict: advance(state, row, settingsFor(state, DEFAULT_SETTINGS)),
  }));
}

async function readRows(file: string): Promise<SeriesRow[]> {
  try {
    return parseSeriesCsv(await readFile(file, "utf8"));
  } catch (error) {
    throw new UserError(`Cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
}

async function judgeFolder(dir: string, out: string, json: boolean): Promise<void> {
  const files = await csvFilesBelow(dir, out);
  if (files.length === 0) throw new UserError(`There is no CSV file below ${dir}.`);
  const done: { file: string; points: number; alerts: number }[] = [];
  // One at a time: each takes a core, and the results of all files together may not fit in memory.
  for (const file of files) {
    const judged = await judgeFile(join(dir, file));
    const target = join(out, file);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, asCsv(judged));
    done.push({ file, points: judged.length, alerts: alertsOf(judged).length });
    if (!json) console.log(`${file}: points ${judged.length}, alerts ${alertsOf(judged).length}`);
  }
  if (json) console.log(JSON.stringify({ files: done }));
}

/** All CSV files below a folder, except what an earlier run wrote into it. */
async function csvFilesBelow(dir: string, out: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new UserError(`Cannot read the folder ${dir}: ${messageOf(cause)}`, { cause });
  });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".csv"))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => resolve(dir) === resolve(out) || relative(resolve(out), resolve(path)).startsWith(".."))
    .map((path) => relative(dir, path))
    .sort();
}

const alertsOf = (judged: readonly Judged[]) => judged.filter(({ verdict }) => verdict.alert);

/** Plain text: every point with its score, the chart, the alerts. */
function asText(judged: readonly Judged[]): string {
  const points = judged.map(({ row, verdict }) => {
    const score = verdict.score.toFixed(6);
    return `${row.timestampText}  ${row.valueText}  ${score}${verdict.alert ? `  ALERT ${verdict.kind}` : ""}`;
  });
  const alerts = alertsOf(judged).map(
    ({ row, verdict }) => `▲ ${row.timestampText}  ${verdict.kind}: ${verdict.reason}`,
  );
  const chart = alertChart(
    judged.map(({ row, verdict }) => ({ value: row.value, alert: verdict.alert })),
    process.stdout.columns ?? 100,
  );
  const summary = `${judged.length} points, ${alerts.length} ${alerts.length === 1 ? "alert" : "alerts"}`;
  return [...points, "", chart, "", summary, ...alerts].join("\n");
}

function asJson(judged: readonly Judged[]): string {
  const points = judged.map(({ row, verdict }) => ({
    timestamp: row.timestampText,
    value: row.value,
    ...verdict,
  }));
  return JSON.stringify({ points, alerts: points.filter(({ alert }) => alert) });
}

function asCsv(judged: readonly Judged[]): string {
  const rows = judged.map(({ row, verdict }) => `${row.timestampText},${row.valueText},${verdict.score}`);
  return `${["timestamp,value,anomaly_score", ...rows].join("\n")}\n`;
}
