import { execFile } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { openBlobStore } from "../../src/adapters/blobStore.ts";
import { storeMap } from "../../src/domain/normalizationMap/mapStore.ts";
import { ensureMeasurements } from "../../src/domain/normalizationMap/measurements.ts";
import { documentIdAt } from "../../src/domain/rawDocument/directDocument.ts";
import { parseLosslessJson, type RawObject } from "../../src/domain/rawDocument/losslessJson.ts";
import { storeRawDocument } from "../../src/domain/rawDocument/storeRawDocument.ts";
import { documentState, valuesOf } from "../normalized.ts";
import { contractAnswer, contractMap } from "../normalizing.ts";
import { insertCompany, insertSource } from "../rows.ts";
import { eventually, runningStack } from "./runningStack.ts";

jest.setTimeout(120_000);

let stack: Awaited<ReturnType<typeof runningStack>>;
beforeAll(async () => {
  stack = await runningStack();
});
afterAll(() => stack.close());

/** A source that is not scheduled, with a company. */
async function githubSource(name: string) {
  const id = await insertSource(stack.db, { name, isActive: false });
  return { id, name, companyId: await insertCompany(stack.db, `Company of ${name}`) };
}

type Source = Awaited<ReturnType<typeof githubSource>>;

async function shakeHands(source: Source): Promise<void> {
  const now = new Date();
  const map = await ensureMeasurements(stack.db, source.id, contractMap("github"), now);
  await storeMap(stack.firestore, source, map, now);
}

function file(source: Source, answer: string) {
  const { value, loss } = parseLosslessJson(answer);
  if (!isObject(value)) throw new Error("A raw answer is an object");
  return storeRawDocument(
    { db: stack.db, firestore: stack.firestore, blobStore: openBlobStore(pathToFileURL(stack.blobDir)) },
    {
      source,
      companyId: source.companyId,
      rawData: value,
      feed: { text: `{"raw_data":${answer}}`, loss },
      now: new Date(),
    },
  );
}

function isObject(value: unknown): value is RawObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// Its analysis follows at once.
const REACHED = { NORMALIZED: ["NORMALIZED", "ANALYZED", "DATA_PROBLEM"], FAILED: ["FAILED"] };

function becomes(id: string, state: keyof typeof REACHED) {
  return eventually(`the raw document is ${state}`, async () => {
    const found = await documentState(stack.db, id);
    return found !== undefined && REACHED[state].includes(found.state) ? found : undefined;
  });
}

function batchOf(id: string) {
  return eventually("there is a batch document", async () =>
    (await stack.firestore.doc(`parma/analytics/batch/${id}`).get()).data(),
  );
}

test("a new raw document becomes values and a batch, a large one just the same", async () => {
  const source = await githubSource("normalize-large");
  await shakeHands(source);
  const answer = JSON.parse(contractAnswer("github"));
  answer.repos = Array.from({ length: 2000 }, (_, index) => ({
    ...answer.repos[0],
    html_url: `https://github.com/TestOrg/${index}`,
  }));
  answer.aggregated_sum_stars = 9_007_199_254_740_991;
  const { id, path } = await file(source, JSON.stringify(answer));
  expect((await stack.firestore.doc(path).get()).get("data")).toBeNull();

  const expected = 8 + 2000 * 15;
  expect(await becomes(id, "NORMALIZED")).toMatchObject({ valueCount: expected, issueCount: 0 });
  const values = await valuesOf(stack.db, source.id);
  expect(values).toHaveLength(expected);
  expect(values).toContainEqual(
    expect.objectContaining({ name: "total repository stars", type: "bigint", value: "9007199254740991" }),
  );
  expect(await batchOf(id)).toMatchObject({ raw_document_path: path, value_count: expected });
});

test("a raw document that failed is run again by a task", async () => {
  const source = await githubSource("normalize-again");
  const { id, path } = await file(source, contractAnswer("github"));
  expect(await becomes(id, "FAILED")).toMatchObject({ reason: expect.stringContaining("handshake") });

  await shakeHands(source);
  const runAgain = () =>
    fetch(`${stack.functionsUrl}/normalizeAgain`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ data: { path } }),
    });
  const answers = await Promise.all([runAgain(), runAgain()]);
  expect(answers.map(({ ok }) => ok)).toEqual([true, true]);
  expect(await becomes(id, "NORMALIZED")).toMatchObject({ valueCount: 35 });
  expect(await valuesOf(stack.db, source.id)).toHaveLength(35);
  expect(await batchOf(id)).toMatchObject({ value_count: 35 });
});

test("a module that writes into Firestore itself is normalized as any other (examples/firestore)", async () => {
  const source = await githubSource("normalize-direct");
  await shakeHands(source);
  const program = join(__dirname, "../../../examples/firestore/firestore.ts");
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [program, source.name, String(source.companyId), contractAnswer("github")],
    { env: { FIRESTORE_EMULATOR_HOST: stack.firestoreHost, GCLOUD_PROJECT: stack.projectId } },
  );
  const { name } = z.object({ name: z.string() }).parse(JSON.parse(stdout));
  const id = documentIdAt(name.replace(/^.*\/documents\//, ""));
  expect(await becomes(id, "NORMALIZED")).toMatchObject({ valueCount: 35, issueCount: 0 });
  expect(await valuesOf(stack.db, source.id)).toHaveLength(35);
});
