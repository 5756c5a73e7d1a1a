import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { openBlobStore } from "../../src/adapters/blobStore.ts";
import { storeMap } from "../../src/domain/normalizationMap/mapStore.ts";
import { ensureMeasurements } from "../../src/domain/normalizationMap/measurements.ts";
import { storeRawDocument } from "../../src/domain/rawDocument/storeRawDocument.ts";
import { documentState, valuesOf } from "../normalized.ts";
import { flatMap } from "../normalizing.ts";
import { insertCompany, insertSource } from "../rows.ts";
import { call, refusal } from "./calls.ts";
import { eventually, runningStack } from "./runningStack.ts";

jest.setTimeout(120_000);

let stack: Awaited<ReturnType<typeof runningStack>>;
beforeAll(async () => {
  stack = await runningStack();
});
afterAll(() => stack.close());

const asOperator = (request: Parameters<typeof call>[1]) =>
  call(stack.baseUrl, { token: stack.secrets.operator, ...request });

test("operators only", async () => {
  for (const request of [
    { method: "GET", path: "/ops/status" },
    { method: "POST", path: "/ops/retry", body: { all: true } },
  ] as const) {
    const { status, answer } = await call(stack.baseUrl, request);
    expect([status, refusal.parse(answer).error.code]).toEqual([401, "missing_token"]);
  }
  const { status, answer } = await asOperator({ path: "/ops/retry", body: {} });
  expect([status, refusal.parse(answer).error.code]).toEqual([422, "invalid_request"]);
});

test("a document that failed is shown, run again, and processed again after a changed map", async () => {
  const { db, firestore } = stack;
  const id = await insertSource(db, { name: "ops-test", isActive: false });
  const source = { id, name: "ops-test" };
  const companyId = await insertCompany(db, "Operated");
  const stores = { db, firestore, blobStore: openBlobStore(pathToFileURL(stack.blobDir)) };
  const document = await storeRawDocument(stores, {
    source,
    companyId,
    rawData: { stars: 5, forks: 2 },
    now: new Date(),
  });
  const becomes = (state: string, mapVersion: number | null) =>
    eventually(`the document is ${state}`, async () => {
      const found = await documentState(db, document.id);
      return found?.state === state && found.mapVersion === mapVersion ? found : undefined;
    });
  await becomes("FAILED", null);
  expect(await asOperator({ method: "GET", path: "/ops/failed?source=ops-test" })).toMatchObject({
    status: 200,
    answer: { failed: [{ id: document.id, reason: expect.stringContaining("no normalization map") }] },
  });

  const giveMap = async (fields: Record<string, string>) =>
    storeMap(firestore, source, await ensureMeasurements(db, id, flatMap(fields), new Date()), new Date());
  await giveMap({ stars: "int" });
  expect(await asOperator({ path: "/ops/retry", body: { source: "ops-test" } })).toMatchObject({
    status: 202,
    answer: { retried: 1 },
  });
  await becomes("ANALYZED", 1);

  await giveMap({ forks: "int" });
  const today = new Date().toISOString().slice(0, 10);
  const body = { source: "ops-test", mode: "process", from: today, to: today };
  expect(await asOperator({ path: "/ops/backfill", body })).toMatchObject({
    status: 202,
    answer: { state: "RUNNING", total: 1, requestedBy: "emulator" },
  });
  await becomes("ANALYZED", 2);
  expect((await valuesOf(db, id)).map(({ name, value }) => [name, value])).toEqual([["forks", "2"]]);

  const { status, answer } = await asOperator({ method: "GET", path: "/ops/status?hours=1" });
  expect([status, answer]).toMatchObject([
    200,
    { work: expect.arrayContaining([{ source: "ops-test", stage: "analyze", state: "ANALYZED", count: 1 }]) },
  ]);
});
