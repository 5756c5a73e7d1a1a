import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { emptyTables } from "../../../test/emptyTables.ts";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";
import { insertCompany, insertSource } from "../../../test/rows.ts";
import { openBlobStore } from "../../adapters/blobStore.ts";
import type { ModuleClaims } from "../../domain/miningModule/moduleToken.ts";
import type { BlobStore } from "../../domain/rawDocument/blobStore.ts";
import { rawDocumentCollection } from "../../domain/rawDocument/collections.ts";
import { firestore } from "../../platform/firebase.ts";
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
});
