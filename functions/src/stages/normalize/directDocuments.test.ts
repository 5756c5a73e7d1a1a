import { randomUUID } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { Timestamp } from "firebase-admin/firestore";
import { z } from "zod";
import { documentState, valuesOf } from "../../../test/normalized.ts";
import { flatMap, NOW, openNormalizing, type Source } from "../../../test/normalizing.ts";
import { recordedQueue } from "../../../test/recordedQueue.ts";
import { insertSource, insertTask } from "../../../test/rows.ts";
import { rawDocumentCollection } from "../../domain/rawDocument/collections.ts";
import { documentIdAt } from "../../domain/rawDocument/directDocument.ts";
import { firestore } from "../../platform/firebase.ts";
import { selectRow } from "../../platform/postgres.ts";
import { findUnrecorded } from "./findUnrecorded.ts";

// What modules with admin rights write into Firestore themselves, as those of the original system did.
const { db, source, file, normalize } = openNormalizing();

const ORIGINAL = { data: { name: "TestOrg", stars: 10 }, mining_trigger: "1", status: "success" };
const MAP = flatMap({ name: "text", stars: "int" });

/** Writes a document below a source's name, or below another path. */
async function write(
  { name, companyId }: Source,
  fields: object,
  { below = rawDocumentCollection(name), id }: { below?: string; id?: string } = {},
) {
  const path = `${below}/${id ?? randomUUID()}`;
  await firestore()
    .doc(path)
    .set({ company_id: String(companyId), ...ORIGINAL, ...fields });
  return path;
}

const row = z.object({
  dataSourceId: z.int().nullable(),
  companyId: z.int().nullable(),
  taskId: z.int().nullable(),
  observedAt: z.date().nullable(),
});
const rowOf = (path: string) =>
  selectRow(db, row, "select * from pipeline.raw_document where id = $1", [documentIdAt(path)]);
const stateAt = (path: string) => documentState(db, documentIdAt(path));

test("one of the original system becomes values, once", async () => {
  const of = await source(MAP);
  const path = await write(of, {});
  expect(await normalize(path)).toMatchObject({ state: "NORMALIZED", valueCount: 2, issueCount: 0 });
  expect(await normalize(path)).toMatchObject({ state: "NORMALIZED", valueCount: 2 });
  expect(await valuesOf(db, of.id)).toHaveLength(2);
  const created = (await firestore().doc(path).get()).createTime?.toDate();
  expect(await rowOf(path)).toEqual({
    dataSourceId: of.id,
    companyId: of.companyId,
    taskId: null,
    observedAt: created,
  });
});

describe("it was observed", () => {
  const AT = "2024-03-04T05:06:07.891Z";
  test.each([
    ["at observed_at", { observed_at: Timestamp.fromDate(new Date(AT)), created_at: "2024-01-01" }],
    ["at created_at, as Python writes it", { created_at: "2024-03-04 05:06:07.891234+00:00" }],
    ["at created_at, a timestamp", { created_at: Timestamp.fromDate(new Date(AT)) }],
  ])("%s", async (_when, fields) => {
    const path = await write(await source(MAP), fields);
    expect(await normalize(path)).toMatchObject({ state: "NORMALIZED" });
    expect((await rowOf(path))?.observedAt).toEqual(new Date(AT));
  });
});

describe("its task", () => {
  test("is the one that mining_trigger names, of this source only", async () => {
    const of = await source(MAP);
    const task = await insertTask(db, of.id, { status: "SUCCESS" });
    const path = await write(of, { mining_trigger: String(task) });
    const other = await write(await source(MAP), { mining_trigger: String(task) });
    await normalize(path);
    await normalize(other);
    expect((await rowOf(path))?.taskId).toBe(task);
    expect((await rowOf(other))?.taskId).toBeNull();
  });

  test.each(["", "by hand", null, undefined, {}, "99999999999999"])(
    "is none where it is %p",
    async (mining_trigger) => {
      const path = await write(await source(MAP), mining_trigger === undefined ? {} : { mining_trigger });
      expect(await normalize(path)).toMatchObject({ state: "NORMALIZED" });
      expect((await rowOf(path))?.taskId).toBeNull();
    },
  );
});

describe("its source", () => {
  test("may be named by its id, as the original wrote it", async () => {
    const of = await source(MAP);
    const path = await write(of, {}, { below: rawDocumentCollection(String(of.id)) });
    expect(await normalize(path)).toMatchObject({ state: "NORMALIZED" });
    expect((await rowOf(path))?.dataSourceId).toBe(of.id);
  });

  test("is decided by source_id where two have the name", async () => {
    const of = await source(MAP);
    const twin = await insertSource(db, { name: of.name });
    const unclear = await write(of, {});
    expect(await normalize(unclear)).toEqual({
      state: "FAILED",
      reason: `2 data sources are called “${of.name}”: the field source_id must say which (${of.id}, ${twin})`,
    });
    const clear = await write(of, { source_id: String(of.id) });
    expect(await normalize(clear)).toMatchObject({ state: "NORMALIZED" });
    expect((await rowOf(clear))?.dataSourceId).toBe(of.id);
  });

  test.each([
    ["as a module of the original writes it", {}],
    [
      "in the form of this backend",
      {
        mining_trigger: null,
        status: "received",
        source_name: "any",
        task_id: null,
        attempt: null,
        received_at: Timestamp.fromDate(NOW),
        observed_at: Timestamp.fromDate(NOW),
      },
    ],
  ])("may not be another one in the path, %s", async (_how, fields) => {
    const [of, other] = [await source(MAP), await source(MAP)];
    const path = await write(of, { ...fields, source_id: other.id });
    expect(await normalize(path)).toEqual({
      state: "FAILED",
      reason: `The path names the data source “${of.name}” (${of.id}), the field source_id another one (${other.id})`,
    });
    expect([...(await valuesOf(db, of.id)), ...(await valuesOf(db, other.id))]).toEqual([]);
  });

  test("is not there", async () => {
    const path = await write(await source(MAP), {}, { below: rawDocumentCollection("nobody's") });
    expect(await normalize(path)).toEqual({ state: "FAILED", reason: "There is no data source “nobody's”" });
    expect(await stateAt(path)).toMatchObject({
      state: "FAILED",
      reason: "There is no data source “nobody's”",
    });
    expect((await rowOf(path))?.dataSourceId).toBeNull();
  });

  test("may have been renamed since this backend filed the document", async () => {
    const of = await source(MAP);
    const { id, path } = await file(of, '{"stars": 1}');
    await db.query("update data_source set source_name = $2 where id = $1", [of.id, `${of.name}-renamed`]);
    await insertSource(db, { name: of.name });
    expect(await normalize(path)).toMatchObject({ state: "NORMALIZED" });
    expect(documentIdAt(path)).toBe(id);
  });
});

test.each([
  ["the module's own error", { status: "error", data: {} }, "The module marked its answer as an error"],
  ["the module's own error, with data", { status: "Error" }, "The module marked its answer as an error"],
  ["an empty answer", { data: {} }, "The module's answer is empty"],
  ["no answer", { data: null }, "The module's answer is empty"],
  ["an unknown company", { company_id: "2000000000" }, "There is no company 2000000000"],
  [
    "no company",
    { company_id: "TestOrg" },
    "The raw document's field company_id is not valid: Invalid input",
  ],
  ["bytes", { data: { a: Buffer.from("x") } }, "The raw document's data holds what JSON does not know"],
])("%s fails with its reason, and is kept", async (_what, fields, reason) => {
  const path = await write(await source(MAP), fields);
  expect(await normalize(path)).toEqual({ state: "FAILED", reason });
  expect(await stateAt(path)).toMatchObject({ state: "FAILED", reason });
  expect((await firestore().doc(path).get()).exists).toBe(true);
});

test("two sources' modules may choose the same id", async () => {
  const [a, b] = [await source(MAP), await source(MAP)];
  const paths = [await write(a, {}, { id: "1" }), await write(b, {}, { id: "1" })];
  for (const path of paths) expect(await normalize(path)).toMatchObject({ state: "NORMALIZED" });
  expect(await Promise.all(paths.map(async (path) => (await rowOf(path))?.dataSourceId))).toEqual([
    a.id,
    b.id,
  ]);
});

test("Firestore's timestamps in the answer are times", async () => {
  const of = await source(flatMap({ founded: "date" }));
  const at = new Date("2020-05-06T07:08:09.000Z");
  const path = await write(of, { data: { founded: Timestamp.fromDate(at) } });
  await normalize(path);
  expect(await valuesOf(db, of.id)).toMatchObject([{ type: "date", value: "2020-05-06 07:08:09" }]);
});

test("it is read by a map that the original system wrote", async () => {
  const of = await source(MAP, { handshake: false });
  const maps = firestore().collection(`parma/mining/datasource/${of.name}/normalization_schema`);
  await maps.doc(randomUUID()).set({ schema: { ...of.map, Mappings: [] } });
  await maps.doc(randomUUID()).set({ schema: of.map });
  const path = await write(of, {});
  expect(await normalize(path)).toMatchObject({ state: "NORMALIZED", valueCount: 2, mapVersion: 0 });
});

describe("where its event got lost", () => {
  const LATER = new Date(Date.now() + 3_600_000);
  const walk = async (now = LATER) => {
    const queue = recordedQueue();
    const found = await findUnrecorded({ db, enqueue: queue.enqueue }, { now, factor: 1 }, async () =>
      firestore(),
    );
    return { ...found, paths: queue.waiting("normalizeAgain").map(({ payload }) => payload) };
  };

  test("the walk finds it, source after source, and not those that are known or young", async () => {
    const of = await source(MAP);
    await db.query("delete from pipeline.document_walk");
    await db.query(
      "insert into pipeline.document_walk select id, '', now(), null from data_source where id <> $1",
      [of.id],
    );
    const known = await file(of, '{"stars": 1}');
    const lost = await write(of, {});
    expect(await walk(new Date())).toMatchObject({ documentsFound: 0 });
    await db.query("update pipeline.document_walk set walked_at = now() where data_source_id <> $1", [of.id]);
    await db.query("update pipeline.document_walk set walked_at = 'epoch' where data_source_id = $1", [
      of.id,
    ]);
    expect(await walk()).toEqual({ documentsFound: 1, paths: [{ path: lost }] });
    expect(known.path).not.toBe(lost);
    await normalize(lost);
    await db.query("update pipeline.document_walk set walked_at = 'epoch' where data_source_id = $1", [
      of.id,
    ]);
    expect(await walk()).toMatchObject({ documentsFound: 0 });
  });
});
