import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { type TestDatabase, testDatabase } from "../database.ts";
import { shapes } from "./shapes.ts";

// Eight processes, each of which handles up to 80 MiB.
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

/** Runs peak.ts as a function of so much memory would. */
async function peakOf(memoryMiB: number, ...args: string[]) {
  const node = [`--max-old-space-size=${memoryMiB}`, join(__dirname, "peak.ts"), ...args];
  const env = { ...process.env, DATABASE_URL: database.url, BLOB_STORE: pathToFileURL(folder).href };
  const { stdout } = await run(process.execPath, node, { env });
  return peakRow.parse(JSON.parse(stdout.trim().split("\n").at(-1) ?? ""));
}

// What the functions declare: memory, and how many requests or events at a time.
const FEED = { memoryMiB: 2048, concurrency: 4 };
const NORMALIZE = { memoryMiB: 1024, concurrency: 2 };

describe.each(Object.keys(shapes))("answers as large as they may be: %s", (shape) => {
  let paths: readonly string[] = [];

  test("several at a time are fed within the memory of the function", async () => {
    const fed = await peakOf(FEED.memoryMiB, "feed", shape, String(FEED.concurrency));
    paths = fed.paths;
    expect(paths).toHaveLength(shape === "too many zeros" ? 0 : FEED.concurrency);
    expect(fed.peakMiB).toBeLessThan(FEED.memoryMiB * 0.9);
  });

  test("and normalized within the memory of theirs", async () => {
    const normalized = await peakOf(
      NORMALIZE.memoryMiB,
      "normalize",
      ...paths.slice(0, NORMALIZE.concurrency),
    );
    expect(normalized.peakMiB).toBeLessThan(NORMALIZE.memoryMiB * 0.9);
  });
});
