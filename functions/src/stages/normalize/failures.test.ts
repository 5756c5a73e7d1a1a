import { beforeAll, describe, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { documentState } from "../../../test/normalized.ts";
import { batchOf, flatMap, NOW, openNormalizing, type Source } from "../../../test/normalizing.ts";
import { insertTask } from "../../../test/rows.ts";
import { storeMap } from "../../domain/normalizationMap/mapStore.ts";
import { BlobNotFoundError } from "../../domain/rawDocument/blobStore.ts";
import { documentIdAt } from "../../domain/rawDocument/directDocument.ts";
import { beginRun } from "../../domain/rawDocument/documentRun.ts";
import { storeRawDocument } from "../../domain/rawDocument/storeRawDocument.ts";
import { firestore } from "../../platform/firebase.ts";
import { type Database, selectRow } from "../../platform/postgres.ts";
import { cancelTask } from "../operate/ops/cancelTask.ts";

// The first call loads the Firestore client and warms up the emulator.
jest.setTimeout(60_000);

const { db, context, source, file, normalize } = openNormalizing();

describe("a document that cannot be normalized", () => {
  let flat: Source;
  beforeAll(async () => {
    flat = await source(flatMap({ a: "int" }));
  });

  /** A raw document as someone else might write it. */
  async function write(fields: object) {
    const document = firestore().collection(`parma/mining/datasource/${flat.name}/raw_data`).doc();
    await document.create(fields);
    return { id: documentIdAt(document.path), path: document.path };
  }

  async function expectFailed({ id, path }: { id: string; path: string }, reason: string) {
    const outcome = await normalize(path);
    expect(outcome).toEqual({ state: "FAILED", reason: expect.stringContaining(reason) });
    expect(await documentState(db, id)).toMatchObject({ ...outcome, valueCount: 0 });
    expect((await batchOf(id)).fields).toBeUndefined();
  }

  test("because its source has no map, until it has one", async () => {
    const early = await source(flatMap({ a: "int" }), { handshake: false });
    const document = await file(early, '{"a": 1}');
    await expectFailed(document, "has no normalization map");
    await storeMap(firestore(), early, early.map, NOW);
    expect(await normalize(document.path)).toMatchObject({ state: "NORMALIZED", valueCount: 1 });
    expect(await documentState(db, document.id)).toMatchObject({ state: "NORMALIZED", reason: null });
    expect((await batchOf(document.id)).fields).toMatchObject({ value_count: 1 });
  });

  test("because its company is gone", async () => {
    const document = await file(flat, '{"a": 1}', { companyId: 999_999_999 });
    await expectFailed(document, "There is no company 999999999");
    expect(await documentState(db, document.id)).toMatchObject({ dataSourceId: flat.id, companyId: null });
  });

  test("because its company cannot be one", async () => {
    const document = await file(flat, '{"a": 1}');
    const fields = (await firestore().doc(document.path).get()).data();
    await expectFailed(await write({ ...fields, company_id: "9".repeat(30) }), "There is no company 1e+30");
    await expectFailed(
      await write({ ...fields, company_id: "3000000000" }),
      "There is no company 3000000000",
    );
  });

  test("because its source is gone", async () => {
    const gone = await source(flatMap({ a: "int" }));
    const document = await file(gone, '{"a": 1}');
    await db.query("delete from data_source where id = $1", [gone.id]);
    await expectFailed(document, `There is no data source “${gone.name}”`);
    expect(await documentState(db, document.id)).toMatchObject({ dataSourceId: null });
  });

  test("because it is no raw document", async () => {
    await expectFailed(await write({ data: { a: 1 } }), "company_id");
  });

  test("because it is not there", async () => {
    const path = `parma/mining/datasource/${flat.name}/raw_data/missing-${flat.id}`;
    await expectFailed({ id: documentIdAt(path), path }, "not in Firestore");
  });

  test("because its content is gone", async () => {
    const document = await file(flat, '{"a": 9007199254740993}');
    const read = (name: string) => Promise.reject(new BlobNotFoundError(name, undefined));
    const outcome = await normalize(document.path, { blobStore: { ...context().blobStore, read } });
    expect(outcome).toEqual({ state: "FAILED", reason: expect.stringContaining("is gone") });
    expect(await normalize(document.path)).toMatchObject({ state: "NORMALIZED", valueCount: 1 });
  });

  test("because someone else wrote its map", async () => {
    const broken = await source(flatMap({ a: "int" }));
    await firestore()
      .doc(`parma/mining/datasource/${broken.name}/normalization_schema/by-hand`)
      .create({ source_id: broken.id, version: 9, schema: "?" });
    await expectFailed(await file(broken, '{"a": 1}'), "by-hand");
  });
});

describe("a failure that may pass", () => {
  test("is thrown for a retry, and leaves its reason until that succeeds", async () => {
    const flat = await source(flatMap({ a: "int" }));
    const document = await file(flat, '{"a": 9007199254740993}');
    const away = { ...context().blobStore, read: () => Promise.reject(new Error("503")) };
    await expect(normalize(document.path, { blobStore: away })).rejects.toThrow("503");
    expect(await documentState(db, document.id)).toMatchObject({
      state: "RECEIVED",
      reason: "Interrupted: 503",
    });
    expect(await normalize(document.path)).toMatchObject({ state: "NORMALIZED" });
    expect(
      await selectRow(
        db,
        z.object({ count: z.string() }),
        "select count(*) from pipeline.raw_document where id = $1",
        [document.id],
      ),
    ).toEqual({ count: "1" });
  });

  test("tells its own cause where even listing fails", async () => {
    const flat = await source(flatMap({ a: "int" }));
    const { id, path } = await file(flat, '{"a": 1}');
    const down: Database = { query: () => Promise.reject(new Error("the database is down")) };
    const database = { ...down, transaction: () => Promise.reject(new Error("the database is down")) };
    await expect(normalize(path, { db: database })).rejects.toThrow("the database is down");
    expect(await documentState(db, id)).toMatchObject({ state: "RECEIVED", reason: null });
    expect(await normalize(path)).toMatchObject({ state: "NORMALIZED" });
  });
});

const minutes = (count: number) => new Date(NOW.getTime() + count * 60_000);

describe("a document that is tried again and again", () => {
  /** Runs it once every ten minutes, until it is given up. @returns how often */
  async function runsUntilGivenUp(path: string, run: (now: Date) => Promise<unknown>): Promise<number> {
    for (let runs = 0; runs < 20; runs += 1) {
      const outcome = await run(minutes(10 * runs)).catch((error: unknown) => error);
      if (typeof outcome === "object" && outcome !== null && "state" in outcome) return runs;
    }
    throw new Error(`${path} was never given up`);
  }
  const wrong = () => {
    throw new TypeError("no such thing");
  };

  test("fails with its reason where each run meets what the code did not expect", async () => {
    const flat = await source(flatMap({ a: "int" }));
    const { id, path } = await file(flat, '{"a": 9007199254740993}');
    const blobStore = { ...context().blobStore, read: async () => wrong() };
    expect(await runsUntilGivenUp(path, (now) => normalize(path, { now, blobStore }))).toBe(5);
    expect(await documentState(db, id)).toMatchObject({
      state: "FAILED",
      reason: "Given up after 5 attempts; Interrupted: no such thing",
    });
    expect(await normalize(path)).toMatchObject({ state: "NORMALIZED" });
  });

  test("fails where its runs never end, because they kill their process", async () => {
    const flat = await source(flatMap({ a: "int" }));
    const { id, path } = await file(flat, '{"a": 1}');
    // The process dies: nothing after the beginning of the run is written.
    const dying = async (now: Date) => {
      let begun = false;
      const query: Database["query"] = (text, values) => {
        if (begun) throw new Error("dead");
        begun = true;
        return db.query(text, values);
      };
      return normalize(path, { now, db: { query, transaction: () => Promise.reject(new Error("dead")) } });
    };
    expect(await runsUntilGivenUp(path, dying)).toBe(5);
    expect(await documentState(db, id)).toMatchObject({
      state: "FAILED",
      reason: "Given up after 5 attempts; each of them died or took too long",
    });
  });

  test("is not given up for what may pass, nor for runs at the same time", async () => {
    const flat = await source(flatMap({ a: "int" }));
    const { id, path } = await file(flat, '{"a": 9007199254740993}');
    const away = { ...context().blobStore, read: () => Promise.reject(new Error("503")) };
    for (let run = 0; run < 10; run += 1) {
      const now = minutes(10 * run);
      await expect(normalize(path, { now, blobStore: away })).rejects.toThrow("503");
    }
    const broken = { ...context().blobStore, read: async () => wrong() };
    await Promise.allSettled(Array.from({ length: 10 }, () => beginRun(db, id, "RECEIVED", NOW)));
    await expect(normalize(path, { blobStore: broken })).rejects.toThrow("no such thing");
    expect(await normalize(path)).toMatchObject({ state: "NORMALIZED" });
  });
});

describe("a document of a task that was cancelled", () => {
  async function fedByTask() {
    const flat = await source(flatMap({ a: "int" }));
    const taskId = await insertTask(db, flat.id, { status: "PROCESSING", attempts: 2, startedAt: NOW });
    const feed = (attempt: number, a = 1) =>
      storeRawDocument(context(), {
        source: flat,
        companyId: flat.companyId,
        taskId,
        attempt,
        rawData: { a },
        observedAt: NOW,
        now: NOW,
      });
    const cancel = () => cancelTaskById(taskId);
    return { feed, cancel, taskId };
  }
  const cancelTaskById = (taskId: number) => cancelTask({ db, operator: "command:me", now: NOW }, taskId);
  const dataOf = async (path: string) => (await firestore().doc(path).get()).get("data");

  test("is kept and goes no further where it is fed after that", async () => {
    const { feed, cancel, taskId } = await fedByTask();
    await cancel();
    const { id, path } = await feed(2);
    expect(await dataOf(path)).toEqual({ a: 1 });
    const reason = `Fed too late: task ${taskId} was cancelled`;
    expect(await normalize(path)).toEqual({ state: "FAILED", reason });
    expect(await documentState(db, id)).toMatchObject({ state: "FAILED", reason, valueCount: 0 });
    expect((await batchOf(id)).fields).toBeUndefined();
  });

  test("goes no further where it was fed before that, and not normalized yet", async () => {
    const { feed, cancel, taskId } = await fedByTask();
    const { id, path } = await feed(2);
    await cancel();
    expect(await normalize(path)).toEqual({ state: "FAILED", reason: `Task ${taskId} was cancelled` });
    expect((await batchOf(id)).fields).toBeUndefined();
  });

  test("is told from the same answer of the attempt that replaced its own", async () => {
    const { feed, taskId } = await fedByTask();
    const late = await feed(1);
    const current = await feed(2);
    expect(current).toMatchObject({ created: true });
    expect(await normalize(late.path)).toEqual({
      state: "FAILED",
      reason: `Fed too late: task ${taskId} is past attempt 1`,
    });
    expect(await normalize(current.path)).toMatchObject({ state: "NORMALIZED", valueCount: 1 });
  });
});
