import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { emptyTables } from "../../../test/emptyTables.ts";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";
import { insertCompany, insertSource, insertTask } from "../../../test/rows.ts";
import { openBlobStore } from "../../adapters/blobStore.ts";
import { finishCalls } from "../../domain/miningCall/finishCalls.ts";
import type { ModuleClaims } from "../../domain/miningModule/moduleToken.ts";
import type { BlobStore } from "../../domain/rawDocument/blobStore.ts";
import { rawDocumentCollection } from "../../domain/rawDocument/collections.ts";
import { firestore } from "../../platform/firebase.ts";
import { selectRow } from "../../platform/postgres.ts";
import { cancelTask } from "../operate/ops/cancelTask.ts";
import { type Feed, feedRawData } from "./feedRawData.ts";

// Firestore's client takes seconds to load.
jest.setTimeout(60_000);

const db = openTestDatabase();
const now = new Date("2024-05-15T12:00:00Z");

let directory: string;
let blobStore: BlobStore;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "parma-feed-"));
  blobStore = openBlobStore(pathToFileURL(directory));
});
afterAll(() => rm(directory, { recursive: true }));

let sources = 0;
let sourceName: string;
let sourceId: number;
let companyId: number;
beforeEach(async () => {
  await emptyTables(db);
  sources += 1;
  sourceName = `feed-test-${sources}`;
  sourceId = await insertSource(db, { name: sourceName });
  companyId = await insertCompany(db, "A");
});

const feed = (claims: Partial<ModuleClaims>, change: Partial<Feed> = {}) => {
  const body: Feed = { source_name: "x", company_id: "1", raw_data: { stars: 1 }, ...change };
  const context = { db, firestore: firestore(), blobStore };
  const text = JSON.stringify(body);
  return feedRawData(context, { claims: { sourceId, ...claims }, feed: body, text, now });
};
const documents = async (name = sourceName) =>
  (await firestore().collection(rawDocumentCollection(name)).get()).docs.map((document) => document.data());

test("what a module feeds is filed under its token's source, task and company, whatever the body says", async () => {
  const other = await insertCompany(db, "B");
  const fed = await feed(
    { taskId: 7, attempt: 2, companyId },
    { source_name: "someone-else", company_id: String(other) },
  );
  expect(fed).toMatchObject({ sourceName, companyId, created: true });
  expect(await documents()).toMatchObject([
    { company_id: String(companyId), source_id: sourceId, source_name: sourceName, task_id: 7, attempt: 2 },
  ]);
  expect(await documents("someone-else")).toEqual([]);
});

test.each([
  ["a string", String],
  ["a number", Number],
])("a token without a company leaves it to the body, as %s", async (_what, as) => {
  await feed({}, { company_id: as(companyId) });
  expect(await documents()).toMatchObject([{ company_id: String(companyId), task_id: null }]);
});

test("a stated time of observation is kept, also a little ahead of us", async () => {
  const observed = new Date("2024-05-16T11:00:00Z");
  await feed({ companyId }, { observed_at: observed });
  const [document] = await documents();
  expect(document?.observed_at.toDate()).toEqual(observed);
});

describe("nothing is written", () => {
  test.each<[string, () => [Partial<ModuleClaims>, Partial<Feed>?], number]>([
    ["for a source that is gone", () => [{ sourceId: sourceId + 1, companyId }], 404],
    ["for a company that is gone", () => [{ companyId: companyId + 1 }], 404],
    ["for a company that never was", () => [{}, { company_id: "4000000000" }], 404],
    ["for a company that is no number", () => [{}, { company_id: "personio" }], 404],
    ["for an empty company", () => [{}, { company_id: "" }], 404],
    ["for a company in another notation", () => [{}, { company_id: `${companyId}e0` }], 404],
    [
      "of a time before there were any",
      () => [{}, { company_id: companyId, observed_at: new Date("0000-12-31T23:59:59Z") }],
      422,
    ],
    ["for a time that is far ahead", () => [{ companyId }, { observed_at: new Date("2024-05-17") }], 422],
  ])("%s", async (_what, given, status) => {
    await expect(feed(...given())).rejects.toMatchObject({ status });
    expect(await documents()).toEqual([]);
  });
});

describe("a CRM names its companies itself", () => {
  const crmFeed = (raw_data: Feed["raw_data"]) =>
    feed({ taskId: 7, attempt: 1 }, { company_id: "9001", raw_data });
  beforeEach(async () => {
    await db.query("update data_source set additional_params = $1", ['{"names_its_companies": true}']);
  });

  test("and each is created once, also twenty times at once", async () => {
    const raw = { id: 9001, name: "TestOrg", domain: "test.com", domains: ["test.com", "test.de"] };
    const fed = await Promise.all(Array.from({ length: 20 }, () => crmFeed(raw)));
    expect(new Set(fed.map((one) => one.companyId)).size).toBe(1);
    expect((await db.query("select from company where name = 'TestOrg'")).rowCount).toBe(1);
    expect(await documents()).toMatchObject([{ company_id: String(fed[0]?.companyId), data: raw }]);
  });

  test("or found, by a domain", async () => {
    await db.query("insert into pipeline.company_domain values ('test.com', $1)", [companyId]);
    expect(await crmFeed({ id: 1, name: null, domain: "test.com", domains: null })).toMatchObject({
      companyId,
    });
  });

  test.each<Feed["raw_data"]>([{ name: null, domain: null }, { name: 5 }, {}])(
    "and %j names none",
    async (raw) => {
      await expect(crmFeed(raw)).rejects.toMatchObject({ status: 422 });
      expect(await documents()).toEqual([]);
    },
  );

  describe("in a task", () => {
    const operation = () => ({ db, operator: "command:me", now });
    let taskId: number;
    beforeEach(async () => {
      taskId = await insertTask(db, sourceId, { status: "PROCESSING", attempts: 1, startedAt: now });
      await db.query(
        "insert into pipeline.task_run (task_id, last_seen_at, fanned_out) values ($1, $2, true)",
        [taskId, now],
      );
      await db.query(
        "insert into pipeline.mining_call (task_id, state, started_at) values ($1, 'RUNNING', $2)",
        [taskId, now],
      );
    });
    const feedInTask = (raw_data: Feed["raw_data"]) =>
      feed({ taskId, attempt: 1 }, { company_id: "9001", raw_data });
    const end = () => finishCalls(db, { taskId, results: [{ companyId: null, state: "SUCCEEDED" }], now });
    const summary = async () => {
      const row = await selectRow(
        db,
        z.object({ resultSummary: z.string() }),
        "select result_summary from scheduled_task",
      );
      return z.looseObject({}).parse(JSON.parse(row?.resultSummary ?? ""));
    };

    test("what is no company is listed in its summary, once, and those after it are registered", async () => {
      const odd = [{ name: " " }, { name: 5 }, { name: " " }, { name: "x".repeat(2000) }];
      for (const raw of odd) await expect(feedInTask(raw)).rejects.toMatchObject({ status: 422 });
      await feedInTask({ name: "Last", domain: "last.com" });
      await end();
      expect(await summary()).toMatchObject({
        succeeded: 1,
        refused: [
          "without a name: A company needs a name or a domain",
          expect.stringContaining("without a name: Invalid request: `name`"),
          expect.stringMatching(/^x{49}…: A company's name has at most 1000 characters$/),
        ],
      });
    });

    test("the list has an end", async () => {
      for (let count = 0; count < 30; count += 1) {
        await expect(feedInTask({ name: `${count} ${"x".repeat(2000)}` })).rejects.toThrow();
      }
      await end();
      expect((await summary())["refused"]).toHaveLength(20);
    });

    test("fed after an operator cancelled it: kept for a company that is there, and nothing is registered", async () => {
      await feedInTask({ name: "A", stars: 1 });
      await cancelTask(operation(), taskId);
      const late = await feedInTask({ name: "A", stars: 2 });
      expect(late.companyId).toBe(companyId);
      await expect(feedInTask({ name: "New" })).rejects.toMatchObject({ status: 404 });
      expect((await db.query("select from company where name = 'New'")).rowCount).toBe(0);
      expect(await documents()).toHaveLength(2);
      const [kept] = (await documents()).filter(({ data }) => data["stars"] === 2);
      expect(kept).toMatchObject({ late: `Fed too late: task ${taskId} was cancelled` });
      // What is no company is not listed in a task that has ended.
      const before = await summary();
      await expect(feedInTask({ name: " " })).rejects.toMatchObject({ status: 422 });
      expect(await summary()).toEqual(before);
    });
  });
});
