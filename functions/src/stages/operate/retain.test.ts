import { beforeEach, describe, expect, jest, test } from "@jest/globals";
import { logger } from "firebase-functions/logger";
import { analyze } from "../../../test/analyzing.ts";
import { emptyTables } from "../../../test/emptyTables.ts";
import { documentState, valuesOf } from "../../../test/normalized.ts";
import { batchOf, flatMap, NOW, openNormalizing, type Source } from "../../../test/normalizing.ts";
import { insertTask } from "../../../test/rows.ts";
import { deliveriesIn, follow, insertChannel, insertFinding, insertUser } from "../../../test/subscribers.ts";
import { openDeliveries } from "../../domain/message/openDeliveries.ts";
import { failedDocuments } from "../../domain/rawDocument/failedDocuments.ts";
import { storeRawDocument } from "../../domain/rawDocument/storeRawDocument.ts";
import type { RetentionStores } from "../../domain/upkeep/upkeep.ts";
import { loadUpkeep } from "../../upkeep.ts";
import { retain } from "./retain.ts";

// Firestore's client takes seconds to load.
jest.setTimeout(60_000);

const { db, context, source, file, normalize } = openNormalizing();
const DAY = 24 * 3_600_000;
const later = (days: number, ms = 0) => new Date(NOW.getTime() + days * DAY + ms);

let github: Source;
beforeEach(async () => {
  await emptyTables(db, { restartsIds: true });
  await db.query("delete from pipeline.retention");
  await db.query("insert into pipeline.retention default values");
  github = await source(flatMap({ stars: "int", id: "int" }));
});

const stores = (): RetentionStores => context();
const retainAt = async (now: Date, changed: Partial<RetentionStores> = {}) =>
  retain(await loadUpkeep(), { ...stores(), ...changed }, { now, mayGoOn: () => true });
/** Blobs are as old as the documents only in production. */
const oldBlobs = () => {
  const { blobStore } = stores();
  return {
    ...blobStore,
    list: async (folder: string, most: number) =>
      (await blobStore.list(folder, most)).map((blob) => ({ ...blob, writtenAt: NOW })),
  };
};
const keep = (days: object) => {
  const columns = Object.keys(days);
  return db.query(
    `update pipeline.retention set ${columns.map((name, i) => `${name} = $${i + 1}`).join(", ")}`,
    Object.values(days),
  );
};
const fieldsAt = async (path: string) => (await context().firestore.doc(path).get()).data();

/** A document with two values, normalized and analyzed. */
async function analyzed(answer = '{"stars": 1, "id": 9007199254740993}') {
  const document = await file(github, answer);
  await normalize(document.path);
  await analyze(db, document.id);
  return document;
}

const NOTHING = {
  news: 0,
  values: 0,
  documents: 0,
  runs: 0,
  reports: 0,
  records: 0,
  leftovers: 0,
  isDone: true,
};

test("without a setting everything is kept for ever", async () => {
  await analyzed();
  expect(await retainAt(later(10_000))).toEqual(NOTHING);
});

test.each([{ raw_documents_days: 29 }, { values_days: 1 }, { news_days: 0 }, { runs_days: 89 }])(
  "what is recent cannot be set to be deleted: %j",
  async (days) => {
    await expect(keep(days)).rejects.toThrow("violates check constraint");
  },
);

describe("raw documents", () => {
  test("go from both stores once their time is over, and not before; their values stay", async () => {
    await keep({ raw_documents_days: 30 });
    const { id, path } = await analyzed();
    const blobStore = oldBlobs();
    expect(await retainAt(later(30), { blobStore })).toEqual(NOTHING);
    expect(await fieldsAt(path)).toBeDefined();
    expect(await retainAt(later(30, 1), { blobStore })).toEqual({ ...NOTHING, documents: 1 });
    expect([await fieldsAt(path), (await batchOf(id)).fields]).toEqual([undefined, undefined]);
    expect(await blobStore.list(`raw_data/${github.companyId}/${github.id}`, 10)).toEqual([]);
    expect(await valuesOf(db, github.id)).toHaveLength(2);
    expect(await documentState(db, id)).toMatchObject({ state: "ANALYZED", valueCount: 2 });
    expect(await retainAt(later(60), { blobStore })).toEqual(NOTHING);
  });

  test("that wait for their work are not touched; failed ones are no longer listed", async () => {
    await keep({ raw_documents_days: 30, values_days: 30 });
    const received = await file(github, '{"stars": 2}');
    const normalized = await file(github, '{"stars": 3}');
    await normalize(normalized.path);
    const failed = await file(github, '{"stars": 4}');
    await db.query("update pipeline.raw_document set state = 'FAILED', reason = 'x' where id = $1", [
      failed.id,
    ]);
    expect(await retainAt(later(31))).toMatchObject({ documents: 1 });
    expect(await fieldsAt(received.path)).toBeDefined();
    expect(await fieldsAt(normalized.path)).toBeDefined();
    expect(await fieldsAt(failed.path)).toBeUndefined();
    expect(await failedDocuments(db, {}, 10)).toEqual([]);
  });

  test("that are fed again long after are kept anew, and are no news", async () => {
    await keep({ raw_documents_days: 30, values_days: 30 });
    const { id, path } = await analyzed('{"stars": 1}');
    await retainAt(later(31));
    expect(await valuesOf(db, github.id)).toEqual([]);
    const again = {
      source: github,
      companyId: github.companyId,
      rawData: { stars: 1 },
      observedAt: new Date("2024-05-01T10:00:00Z"),
      now: later(40),
    };
    expect(await storeRawDocument(stores(), again)).toEqual({ id, path, created: true });
    expect(await normalize(path)).toMatchObject({ state: "NORMALIZED" });
    const queue = await analyze(db, id);
    expect([await valuesOf(db, github.id), queue.waiting("deliver")]).toEqual([[], []]);
    expect(await retainAt(later(70))).toEqual(NOTHING);
    expect(await fieldsAt(path)).toBeDefined();
    expect(await retainAt(later(71))).toEqual({ ...NOTHING, documents: 1 });
  });

  test("that are being fed again at this moment stay", async () => {
    await keep({ raw_documents_days: 30 });
    const { path } = await analyzed();
    const { blobStore } = stores();
    const writing = {
      ...blobStore,
      list: async (folder: string, most: number) =>
        (await blobStore.list(folder, most)).map((blob) => ({ ...blob, writtenAt: later(31, -1000) })),
    };
    expect(await retainAt(later(31), { blobStore: writing })).toEqual(NOTHING);
    expect(await fieldsAt(path)).toBeDefined();
  });

  test("survive a process that dies, and go the next night", async () => {
    await keep({ raw_documents_days: 30 });
    const { path } = await analyzed();
    const dying = { ...oldBlobs(), remove: () => Promise.reject(new Error("killed")) };
    const log = jest.spyOn(logger, "write").mockImplementation(() => undefined);
    await expect(retainAt(later(31), { blobStore: dying })).rejects.toThrow("killed");
    expect(log).toHaveBeenCalledTimes(1);
    log.mockRestore();
    expect(await fieldsAt(path)).toBeDefined();
    expect(await retainAt(later(32), { blobStore: oldBlobs() })).toMatchObject({ documents: 1 });
  });
});

describe("values", () => {
  test("go with their document's time, while the document stays; what the detector remembers goes with the last", async () => {
    await keep({ values_days: 30 });
    const { id, path } = await analyzed('{"stars": 1}');
    expect((await db.query("select 1 from pipeline.detector_state")).rowCount).toBe(1);
    expect(await retainAt(later(30))).toEqual(NOTHING);
    expect(await retainAt(later(31))).toEqual({ ...NOTHING, values: 1 });
    expect(await valuesOf(db, github.id)).toEqual([]);
    expect((await db.query("select 1 from pipeline.detector_state")).rowCount).toBe(0);
    expect(await fieldsAt(path)).toBeDefined();
    expect(await documentState(db, id)).toMatchObject({ state: "ANALYZED" });
    expect(await retainAt(later(31))).toEqual(NOTHING);
  });

  test("of a series that goes on leave the detector what it remembers", async () => {
    await keep({ values_days: 30 });
    await analyzed('{"stars": 1}');
    const second = await storeRawDocument(stores(), {
      source: github,
      companyId: github.companyId,
      rawData: { stars: 2 },
      now: later(20),
    });
    await normalize(second.path, { now: later(20) });
    await analyze(db, second.id);
    expect(await retainAt(later(31))).toEqual({ ...NOTHING, values: 1 });
    expect((await db.query("select 1 from pipeline.detector_state")).rowCount).toBe(1);
    expect(await valuesOf(db, github.id)).toHaveLength(1);
  });

  test("and documents that are gone both leave a row only where the same answer may come again", async () => {
    await keep({ raw_documents_days: 30, values_days: 60 });
    const stated = await analyzed('{"stars": 1}');
    const ofDay = await storeRawDocument(stores(), {
      source: github,
      companyId: github.companyId,
      rawData: { stars: 2 },
      now: NOW,
    });
    await normalize(ofDay.path);
    await analyze(db, ofDay.id);
    await retainAt(later(31));
    expect(await documentState(db, ofDay.id)).toBeDefined();
    await retainAt(later(61));
    expect(await documentState(db, ofDay.id)).toBeUndefined();
    expect(await documentState(db, stated.id)).toMatchObject({ state: "ANALYZED" });
  });
});

describe("news", () => {
  let user: number;
  let series: Parameters<typeof insertFinding>[1];
  beforeEach(async () => {
    await analyzed('{"stars": 1}');
    const { rows } = await db.query(
      `select company_measurement_id as "companyMeasurementId", source_measurement_id as "measurementId"
         from company_source_measurement limit 1`,
    );
    series = { sourceId: github.id, companyId: github.companyId, ...Object(rows[0]) };
    user = await insertUser(db);
    await insertChannel(db, user);
    await follow(db, user, github.companyId);
  });

  const alert = async (foundAt: Date, state: string) => {
    const finding = await insertFinding(db, series, { foundAt: foundAt.toISOString() });
    await openDeliveries(db, { companyId: github.companyId, findingIds: [finding], now: foundAt }, 0);
    // Only our own process is held against the models of states.
    await db.query("alter table pipeline.delivery disable trigger delivery_transition");
    await db.query(
      `update pipeline.delivery set state = $1::pipeline.delivery_state, attempt = 1
        where id = (select max(id) from pipeline.delivery)`,
      [state],
    );
    await db.query("alter table pipeline.delivery enable trigger delivery_transition");
    return finding;
  };
  const findings = async () => (await db.query("select id::int from pipeline.finding order by id")).rows;

  test("go with what told of them only; what is open, and what is younger, stays", async () => {
    await keep({ news_days: 30 });
    await alert(NOW, "SENT");
    const open = await alert(NOW, "PENDING");
    const young = await alert(later(0, 1), "SENT");
    expect(await retainAt(later(30))).toMatchObject({ news: 0 });
    expect(await retainAt(later(30, 1))).toEqual({ ...NOTHING, news: 1 });
    expect(await findings()).toEqual([{ id: open }, { id: young }]);
    expect((await deliveriesIn(db)).map(({ findings }) => findings)).toEqual([[open], [young]]);
    expect((await db.query("select 1 from news")).rowCount).toBe(2);
  });

  test("reports' pages go with the default's time", async () => {
    const { blobStore } = stores();
    const page = `reports/users/${user}/2024-04-29.html`;
    await blobStore.write(page, Buffer.from("Your week"));
    await db.query("insert into pipeline.report_run values ($1, '2024-04-29', $2, $2, $3)", [
      user,
      NOW,
      page,
    ]);
    await db.query(
      `insert into pipeline.delivery (kind, user_id, channel_id, week, state, send_after, created_at)
       select 'REPORT', $1, id, '2024-04-29', 'SENT', $2, $2 from notification_channel`,
      [user, NOW],
    );
    expect(await retainAt(later(100))).toEqual(NOTHING);
    await keep({ news_days: 30 });
    expect(await retainAt(later(100))).toEqual({ ...NOTHING, reports: 1 });
    expect(await blobStore.list("reports", 10)).toEqual([]);
    expect(await deliveriesIn(db)).toEqual([]);
  });
});

test("a source's own setting counts in place of the default", async () => {
  await keep({ values_days: 30 });
  const { path } = await analyzed();
  await db.query("insert into pipeline.retention (data_source_id, raw_documents_days) values ($1, 40)", [
    github.id,
  ]);
  expect(await retainAt(later(39))).toEqual(NOTHING);
  expect(await retainAt(later(41), { blobStore: oldBlobs() })).toEqual({ ...NOTHING, documents: 1 });
  expect([await fieldsAt(path), (await valuesOf(db, github.id)).length]).toEqual([undefined, 2]);
});

test("runs that have ended go with their calls", async () => {
  await keep({ runs_days: 90 });
  const ended = await insertTask(db, github.id, { status: "FAILED", scheduledAt: NOW });
  const running = await insertTask(db, github.id, { status: "PROCESSING", scheduledAt: NOW });
  const young = await insertTask(db, github.id, { status: "SUCCESS", scheduledAt: later(1) });
  await db.query(
    "insert into pipeline.mining_call (task_id, company_id) select task_id, $1 from scheduled_task",
    [github.companyId],
  );
  expect(await retainAt(later(91, -1))).toEqual({ ...NOTHING, runs: 1 });
  const { rows } = await db.query("select task_id from pipeline.mining_call order by task_id");
  expect(rows).toEqual([{ task_id: running }, { task_id: young }]);
  expect((await db.query("select 1 from scheduled_task where task_id = $1", [ended])).rowCount).toBe(0);
});

test("records of jobs go after 90 days, but for what runs", async () => {
  await db.query(
    `insert into pipeline.job_run (job, trigger, state, started_at, ended_at)
     values ('a', 'SCHEDULE', 'SUCCEEDED', $1, $1), ('b', 'SCHEDULE', 'RUNNING', $1, null)`,
    [NOW],
  );
  expect(await retainAt(later(90))).toEqual(NOTHING);
  expect(await retainAt(later(91))).toEqual({ ...NOTHING, records: 1 });
});

test("a run that is out of time says so, and leaves the rest to the next one", async () => {
  let batches = 0;
  const step = (kind: string) => ({
    kind,
    days: 30,
    remove: async () => ({ removed: 5, isLast: ++batches === 4 }),
  });
  const stages = [{ retention: [step("news")] }, { retention: [step("runs")] }];
  const mayGoOn = () => batches < 3;
  expect(await retain(stages, stores(), { now: NOW, mayGoOn })).toEqual({ news: 10, runs: 5, isDone: false });
});
