// Feeds raw answers, normalizes or analyzes them, all at a time, and prints how much memory the process took at most:
// `node peak.ts feed SHAPE…`, `node peak.ts normalize PATH…` or `node peak.ts analyze PATH…`. A process of its own, because
// a peak is a process's.
import { basename } from "node:path/posix";
import { z } from "zod";
import { openBlobStore } from "../../src/adapters/blobStore.ts";
import { storeMap } from "../../src/domain/normalizationMap/mapStore.ts";
import { ensureMeasurements } from "../../src/domain/normalizationMap/measurements.ts";
import { normalizationMap } from "../../src/domain/normalizationMap/normalizationMap.ts";
import { parseLosslessJson } from "../../src/domain/rawDocument/losslessJson.ts";
import { ApiError } from "../../src/platform/apiError.ts";
import { firestore } from "../../src/platform/firebase.ts";
import { accept } from "../../src/platform/http.ts";
import { databaseOf, openPool } from "../../src/platform/postgres.ts";
import { analyzeBatch } from "../../src/stages/analyze/analyzeBatch.ts";
import { feedBody, feedRawData } from "../../src/stages/ingest/feedRawData.ts";
import { normalizeAtPath } from "../../src/stages/normalize/normalizeDocument.ts";
import { insertCompany, insertSource } from "../rows.ts";
import { MAP, shapes } from "./shapes.ts";

const [mode, ...args] = process.argv.slice(2);
const url = process.env["DATABASE_URL"];
if (url === undefined) throw new Error("DATABASE_URL is not set");

const pool = await openPool({ DATABASE_URL: url });
// Parsing holds the process up for seconds, and a loaded machine is no failure.
pool.options.connectionTimeoutMillis = 300_000;
const db = databaseOf(pool);
const stores = {
  db,
  firestore: firestore(),
  blobStore: openBlobStore(new URL(process.env["BLOB_STORE"] ?? "")),
};
const now = new Date();

/** Feeds an answer of each shape. @returns their paths, but for those that are refused for their size */
async function feed(names: readonly string[]): Promise<string[]> {
  const name = `memory-${process.pid}-${now.getTime()}`;
  const sourceId = await insertSource(db, { name });
  const companyId = await insertCompany(db, name);
  const map = await ensureMeasurements(db, sourceId, normalizationMap.parse(MAP), now);
  await storeMap(stores.firestore, { id: sourceId, name }, map, now);
  const paths = await Promise.all(
    names.map((shape, number) => feedOne({ name, sourceId, companyId }, shape, number)),
  );
  return paths.flatMap((path) => path ?? []);
}

async function feedOne(
  { name, sourceId, companyId }: { name: string; sourceId: number; companyId: number },
  shape: string,
  number: number,
): Promise<string | undefined> {
  // As the HTTP function reads it: decoded from the bytes of the body.
  const bytes = Buffer.from(
    `{"source_name":"${name}","company_id":"${companyId}","raw_data":${shapes[shape]?.(number)}}`,
  );
  const text = new TextDecoder().decode(bytes);
  try {
    const { value, loss } = parseLosslessJson(text);
    const body = accept(feedBody, value);
    return (await feedRawData(stores, { claims: { sourceId }, feed: body, text, loss, now })).path;
  } catch (error) {
    if (error instanceof ApiError && error.code === "body_too_large") return undefined;
    throw error;
  }
}

async function normalize(path: string): Promise<string> {
  const outcome = await normalizeAtPath({ ...stores, now }, path);
  if (outcome.state === "FAILED") throw new Error(outcome.reason);
  return path;
}

async function analyze(path: string): Promise<string> {
  const settings = { detector: { falseAlarmRate: 0.001 }, spacingMs: 3_600_000 };
  const enqueue = async () => {};
  await analyzeBatch({ db, enqueue, settings, improvesNews: false, now }, basename(path));
  return path;
}

const work = {
  feed,
  normalize: (paths: readonly string[]) => Promise.all(paths.map(normalize)),
  analyze: (paths: readonly string[]) => Promise.all(paths.map(analyze)),
};
const paths = await work[z.enum(["feed", "normalize", "analyze"]).parse(mode)](args);
console.log(JSON.stringify({ peakMiB: Math.round(process.resourceUsage().maxRSS / 1024), paths }));
await pool.end();
await stores.firestore.terminate();
