import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";
import { openBlobStore } from "../../adapters/blobStore.ts";
import { firestore } from "../../platform/firebase.ts";
import type { BlobStore } from "./blobStore.ts";
import { rawDocumentCollection, sourceDocumentId } from "./collections.ts";
import { countRawDocuments } from "./countRawDocuments.ts";
import type { RawObject } from "./losslessJson.ts";
import { InvalidRawDocumentError, readRawDocument } from "./readRawDocument.ts";
import { type NewRawDocument, storeRawDocument } from "./storeRawDocument.ts";

// Firestore's client takes seconds to load.
jest.setTimeout(60_000);

let directory: string;
let blobStore: BlobStore;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "parma-raw-"));
  blobStore = openBlobStore(pathToFileURL(directory));
});
afterAll(() => rm(directory, { recursive: true }));

const now = new Date("2024-05-15T12:00:00.123Z");
let sources = 0;
/** Each test has a source of its own, and with it a collection. */
const newAnswer = (change: Partial<NewRawDocument> = {}): NewRawDocument => {
  sources += 1;
  return {
    source: { id: sources, name: `store-test-${sources}` },
    companyId: 12,
    taskId: 7,
    attempt: 2,
    rawData: { name: "TestOrg", repos: [{ stars: 10 }] },
    now,
    ...change,
  };
};
const db = openTestDatabase();
const store = (input: NewRawDocument) => storeRawDocument({ db, firestore: firestore(), blobStore }, input);
const fieldsAt = async (path: string) => (await firestore().doc(path).get()).data();
const documentsOf = async ({ source }: NewRawDocument) =>
  (await firestore().collection(rawDocumentCollection(source.name)).get()).docs;

test("the document has what the web application reads, under the names that it reads", async () => {
  const input = newAnswer();
  const { id, path, created } = await store(input);
  expect(created).toBe(true);
  expect(path).toBe(`parma/mining/datasource/${input.source.name}/raw_data/${id}`);
  expect(await fieldsAt(path)).toMatchObject({
    company_id: "12",
    data: { name: "TestOrg", repos: [{ stars: 10 }] },
    mining_trigger: "7",
    status: "received",
  });
});

test("it reads back as it was stored", async () => {
  const input = newAnswer({ observedAt: new Date("2020-01-01T00:00:00Z") });
  const { path } = await store(input);
  expect(await readRawDocument(await fieldsAt(path), blobStore)).toEqual({
    sourceId: input.source.id,
    sourceName: input.source.name,
    companyId: 12,
    taskId: 7,
    attempt: 2,
    observedAt: input.observedAt,
    receivedAt: now,
    rawData: input.rawData,
  });
});

test("without a time of observation it was observed when it was received; without a task it has none", async () => {
  const { path } = await store(newAnswer({ taskId: undefined, attempt: undefined }));
  const read = await readRawDocument(await fieldsAt(path), blobStore);
  expect(read).toMatchObject({ observedAt: now, taskId: null, attempt: null });
  expect(await fieldsAt(path)).toMatchObject({ mining_trigger: null });
});

test("the same answer is one document, also ten times at once, and stays what it was", async () => {
  const input = newAnswer();
  const stored = await Promise.all(Array.from({ length: 10 }, () => store(input)));
  expect(stored.filter(({ created }) => created)).toHaveLength(1);
  expect(new Set(stored.map(({ id }) => id)).size).toBe(1);
  const again = await store({ ...input, attempt: 3, now: new Date("2024-05-15T13:00:00Z") });
  expect(again).toMatchObject({ id: stored[0]?.id, created: false });
  const documents = await documentsOf(input);
  expect(documents).toHaveLength(1);
  expect(documents[0]?.get("attempt")).toBe(2);
});

test("raw documents of a task are counted, for one company and for all", async () => {
  const input = newAnswer();
  await store(input);
  await store({ ...input, companyId: 13 });
  await store({ ...input, companyId: 13, rawData: {} });
  await store({ ...input, taskId: 8 });
  const count = (taskId: number, companyId: number | null) =>
    countRawDocuments(firestore(), input.source.name, { taskId, companyId });
  expect(await Promise.all([count(7, 12), count(7, 13), count(7, null), count(9, null)])).toEqual([
    1, 2, 3, 0,
  ]);
});

describe("what Firestore cannot hold", () => {
  const odd: RawObject = { lists: [[1, [2]]], id: 9007199254740993n, __name__: "x", half: "\ud800" };

  test("is kept byte by byte as it was fed, and reads back the same", async () => {
    const text = '{ "company_id":"12", "raw_data": {"b":\t1.50, "a":[9007199254740993]} }';
    const rawData: RawObject = { b: 1.5, a: [9007199254740993n] };
    const { path } = await store(newAnswer({ rawData, feed: { text } }));
    const fields = await fieldsAt(path);
    expect(fields).toMatchObject({
      company_id: "12",
      data: null,
      content: { bytes: Buffer.byteLength(text), reason: "an integer is beyond 2^53" },
    });
    expect(Buffer.from(await blobStore.read(fields?.content.blob)).toString()).toBe(text);
    expect((await readRawDocument(fields, blobStore)).rawData).toEqual(rawData);
  });

  test("and comes from a module inside this project is kept as JSON", async () => {
    const { path } = await store(newAnswer({ rawData: odd }));
    expect((await readRawDocument(await fieldsAt(path), blobStore)).rawData).toEqual(odd);
  });

  test("includes numbers with more digits than a double has", async () => {
    const feed = { text: '{"raw_data":{"a":1e400}}', loss: "a number has more digits than a double holds" };
    const { path } = await store(newAnswer({ rawData: { a: "1e400" }, feed }));
    const fields = await fieldsAt(path);
    expect(fields).toMatchObject({ data: null, content: { reason: expect.stringContaining("digits") } });
    expect((await readRawDocument(fields, blobStore)).rawData).toEqual({ a: "1e400" });
  });

  test("is one document when it is fed again, in whatever layout", async () => {
    const input = newAnswer({ rawData: odd });
    const first = await store(input);
    const text = '{"raw_data":{"id":9007199254740993,"half":"\\ud800","__name__":"x","lists":[[1,[2]]]}}';
    const second = await store({ ...input, feed: { text } });
    expect(second).toEqual({ ...first, created: false });
    expect((await readRawDocument(await fieldsAt(first.path), blobStore)).rawData).toEqual(odd);
  });

  test("is no document where its bytes could not be kept", async () => {
    const input = newAnswer({ rawData: odd });
    const broken: BlobStore = { ...blobStore, write: () => Promise.reject(new Error("the store is away")) };
    await expect(storeRawDocument({ db, firestore: firestore(), blobStore: broken }, input)).rejects.toThrow(
      "away",
    );
    expect(await documentsOf(input)).toEqual([]);
  });
});

describe("a document that can never be read is told from one that may be read later", () => {
  const stored = async (change: object) => {
    const { path } = await store(newAnswer({ rawData: { a: [[1]] } }));
    return { ...(await fieldsAt(path)), ...change };
  };

  test("its blob is gone", async () => {
    const fields = await stored({ content: { blob: "none", bytes: 1, sha256: "", reason: "" } });
    await expect(readRawDocument(fields, blobStore)).rejects.toThrow(InvalidRawDocumentError);
  });

  test("its blob was changed", async () => {
    const { path } = await store(newAnswer({ rawData: { a: [["changed"]] } }));
    const fields = await fieldsAt(path);
    await writeFile(join(directory, fields?.content.blob), '{"raw_data":{}}');
    await expect(readRawDocument(fields, blobStore)).rejects.toThrow(InvalidRawDocumentError);
  });

  test("the store does not answer", async () => {
    const away: BlobStore = { ...blobStore, read: () => Promise.reject(new Error("the store is away")) };
    const reading = readRawDocument(await stored({}), away);
    await expect(reading).rejects.toThrow("the store is away");
    await expect(reading).rejects.not.toThrow(InvalidRawDocumentError);
  });

  test.each<[string, object]>([
    ["no data", { content: undefined }],
    ["data of another kind", { content: undefined, data: { at: now } }],
    ["no source", { source_id: undefined }],
    ["a company that is no number", { company_id: "abc" }],
  ])("%s", async (_what, change) => {
    const { content, ...fields } = await stored(change);
    const kept = "content" in change ? fields : { ...fields, content };
    await expect(readRawDocument(kept, blobStore)).rejects.toThrow(InvalidRawDocumentError);
  });

  test("nothing at all", async () => {
    await expect(readRawDocument(undefined, blobStore)).rejects.toThrow(InvalidRawDocumentError);
  });
});

test.each([
  ["github", "github"],
  ["reddit staging", "reddit staging"],
  ["a/b", "a%2Fb"],
  ["..", "-.."],
  ["__x__", "-__x__"],
  ["", "-"],
  [" x ", "x"],
])("the source %j has its documents at %j", async (name, expected) => {
  expect(sourceDocumentId(name)).toBe(expected);
  const input = newAnswer({ source: { id: 1000, name } });
  expect((await store(input)).created).toBe(true);
  expect(await readdir(directory)).toBeDefined();
});
