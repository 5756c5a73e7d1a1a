import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { type TestDatabase, testDatabase } from "../database.ts";
import { deployedFunctions } from "../deployedFunctions.ts";

// Four processes, each of which handles up to 80 MiB. A loaded machine is no failure.
jest.setTimeout(600_000);

const run = promisify(execFile);
const peakRow = z.object({ peakMiB: z.number(), paths: z.array(z.string()) });

let database: TestDatabase;
let folder = "";
beforeAll(async () => {
  database = await testDatabase();
  folder = await mkdtemp(join(tmpdir(), "parma-memory-"));
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

/** What a function declares: its memory, and how many requests or events share it. */
function limitsOf(name: "feedRawData" | "normalizeRawData" | "analyzeBatch") {
  const { memory, concurrency } = z
    .object({ memory: z.string().regex(/^\d+GiB$/), concurrency: z.int() })
    .parse(deployedFunctions()[name]?.declaration);
  return { memoryMiB: Number.parseInt(memory, 10) * 1024, concurrency };
}

const FEED = limitsOf("feedRawData");
const NORMALIZE = limitsOf("normalizeRawData");
const ANALYZE = limitsOf("analyzeBatch");

/** Runs peak.ts as a function of so much memory would. */
async function peakOf({ memoryMiB }: { memoryMiB: number }, ...args: string[]) {
  const node = [`--max-old-space-size=${memoryMiB}`, join(__dirname, "peak.ts"), ...args];
  const env = { ...process.env, DATABASE_URL: database.url, BLOB_STORE: pathToFileURL(folder).href };
  const { stdout } = await run(process.execPath, node, { env });
  return peakRow.parse(JSON.parse(stdout.trim().split("\n").at(-1) ?? ""));
}

const repeated = <T>(element: T, { concurrency }: { concurrency: number }) =>
  Array.from({ length: concurrency }, () => element);

// Which answers take most of each function was found by measuring all shapes, in MiB, with as many at a time as share an
// instance. Those are measured here:
//
//                   feedRawData   normalizeRawData   analyzeBatch
//   text                    748                500
//   wide                    770                494
//   lists in lists          544                457
//   large integers          747                530
//   many items              583                625            801
//   long items              700                458
//   many fields             894                536            426

test("the largest answers fit the memory of the functions that take them, as many at a time as share it", async () => {
  const items = async () => {
    // One holds too many values, and is refused before it takes memory.
    const fed = await peakOf(FEED, "feed", ...repeated("many items", NORMALIZE), "too many zeros");
    expect(fed.paths).toHaveLength(NORMALIZE.concurrency);
    const normalized = await peakOf(NORMALIZE, "normalize", ...fed.paths);
    return { normalized, analyzed: await peakOf(ANALYZE, "analyze", ...fed.paths) };
  };
  const fields = repeated("many fields", FEED);
  const [fed, { normalized, analyzed }] = await Promise.all([peakOf(FEED, "feed", ...fields), items()]);
  expect(fed.paths).toHaveLength(FEED.concurrency);

  const shares = {
    feedRawData: fed.peakMiB / FEED.memoryMiB,
    normalizeRawData: normalized.peakMiB / NORMALIZE.memoryMiB,
    analyzeBatch: analyzed.peakMiB / ANALYZE.memoryMiB,
  };
  expect(Object.entries(shares).filter(([, part]) => part >= 0.9)).toEqual([]);
  // So little would mean that nothing was measured.
  expect(Object.entries(shares).filter(([, part]) => part < 0.2)).toEqual([]);
});
