import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { deleteApp, initializeApp } from "firebase-admin/app";
import { type Firestore, getFirestore, Timestamp } from "firebase-admin/firestore";
import { emptyTables } from "../../../../test/emptyTables.ts";
import { fillOwned, type Rows, snapshot } from "../../../../test/everyTable.ts";
import { openTestDatabase } from "../../../../test/openTestDatabase.ts";
import { recordedQueue } from "../../../../test/recordedQueue.ts";
import { insertCompany, insertSource, insertTask } from "../../../../test/rows.ts";
import { insertChannel, insertUser } from "../../../../test/subscribers.ts";
import { openBlobStore } from "../../../adapters/blobStore.ts";
import { batchPath } from "../../../domain/rawDocument/removeRawDocuments.ts";
import { storeRawDocument } from "../../../domain/rawDocument/storeRawDocument.ts";
import { feedRawData } from "../../ingest/feedRawData.ts";
import { createBatch } from "../../normalize/batch.ts";
import { normalizeDocument } from "../../normalize/normalizeDocument.ts";
import { continueErasure, eraseCompany, eraseLater, eraseUser } from "./erase.ts";
import { type EraseContext, openErasure, type Receipt } from "./erasure.ts";
import { eraseLeftovers } from "./unfinished.ts";

// Firestore's client takes seconds to load.
jest.setTimeout(60_000);

const NOW = new Date("2025-03-03T08:00:00Z");
const db = openTestDatabase();
// A project of its own, since other tests have companies of the same ids.
const app = initializeApp({ projectId: `demo-erase-${randomUUID().slice(0, 8)}` }, "erase");
let firestore: Firestore;
let folder: string;
beforeAll(async () => {
  firestore = getFirestore(app);
  folder = await mkdtemp(join(tmpdir(), "parma-erase-"));
});
afterAll(async () => {
  await deleteApp(app);
  await rm(folder, { recursive: true });
});

let queue: ReturnType<typeof recordedQueue>;
let removedSecrets: string[];
let other: { source: number; company: number; user: number; shared: Rows };
beforeEach(async () => {
  await emptyTables(db, { restartsIds: true });
  queue = recordedQueue();
  removedSecrets = [];
  for (const path of await pathsLeft()) await firestore.doc(path).delete();
  for (const name of await blobsLeft()) await context().blobStore.remove({ name });
  const source = await insertSource(db, { name: "github" });
  const company = await insertCompany(db, "Celonis");
  const user = await insertUser(db, "Ben");
  await insertChannel(db, user);
  other = { source, company, user, shared: new Map() };
  for (const table of [
    "public.data_source",
    "public.company",
    'public."user"',
    "public.notification_channel",
  ]) {
    other.shared.set(table, Object((await db.query(`select * from ${table}`)).rows[0]));
  }
  await fillFor("company", company);
  await fillFor("user", user);
});

const context = (changed: Partial<EraseContext> = {}): EraseContext => ({
  db,
  firestore,
  blobStore: openBlobStore(pathToFileURL(folder)),
  enqueue: queue.enqueue,
  removeSecret: async (id) => {
    removedSecrets.push(id);
    return undefined;
  },
  clock: () => NOW,
  ...changed,
});
const stores = () => ({ db, firestore, blobStore: context().blobStore });
const ask = (id: number) => ({ id, by: "operator-1", now: NOW });

/** A row in every table that belongs to a company or a user, in one way or several. */
async function fillFor(kind: "company" | "user", id: number): Promise<string[]> {
  const root = kind === "company" ? "public.company" : 'public."user"';
  const { rows } = await db.query(`select * from ${root} where id = $1`, [id]);
  return fillOwned(db, { root, row: Object(rows[0]), shared: other.shared, mark: `${kind} ${id}` });
}

const EXCEPT = ["pipeline.erasure", "pipeline.job_run"];

function document(companyId: number, rawData: Record<string, number | bigint>) {
  return storeRawDocument(stores(), {
    source: { id: other.source, name: "github" },
    companyId,
    rawData,
    observedAt: NOW,
    now: NOW,
  });
}

function batchOf(id: string, companyId: number) {
  const times = { observed_at: firestoreTime(), created_at: firestoreTime() };
  return createBatch(firestore, {
    raw_document_id: id,
    raw_document_path: `parma/mining/datasource/github/raw_data/${id}`,
    data_source_id: other.source,
    company_id: companyId,
    task_id: null,
    map_version: 1,
    value_count: 0,
    ...times,
  });
}

const firestoreTime = () => Timestamp.fromDate(NOW);

/** A company with everything that one can have: 3 documents, two of them with a blob. */
async function wholeCompany(): Promise<{ id: number; tables: string[] }> {
  const id = await insertCompany(db, "Personio");
  const tables = await fillFor("company", id);
  for (const rawData of [{ a: 1 }, { a: 2n ** 60n }, { a: 2n ** 61n }]) {
    const { id: documentId } = await document(id, rawData);
    await batchOf(documentId, id);
  }
  return { id, tables };
}

const pathsLeft = async () => {
  const found = await firestore.collection("parma/mining/datasource/github/raw_data").get();
  const batches = await firestore.collection("parma/analytics/batch").get();
  return [...found.docs, ...batches.docs].map(({ ref }) => ref.path);
};
const blobsLeft = async () => (await context().blobStore.list("raw_data", 100)).map(({ name }) => name);

describe("a company", () => {
  test("is erased with everything in all stores, and nothing else is touched", async () => {
    const { id: documentId } = await document(other.company, { a: 2n ** 62n });
    await batchOf(documentId, other.company);
    const before = [await snapshot(db, EXCEPT), await pathsLeft(), await blobsLeft()];
    const { id, tables } = await wholeCompany();

    const receipt = await eraseCompany(context(), ask(id));

    expect([await snapshot(db, EXCEPT), await pathsLeft(), await blobsLeft()]).toEqual(before);
    expect(receipt).toMatchObject({ kind: "COMPANY", subjectId: id, by: "operator-1", finishedAt: NOW });
    expect(receipt.counts).toMatchObject({
      company: 1,
      "firestore raw_data": 3,
      "firestore batch": 3,
      "blob store": 2,
      "pipeline.raw_document": 4,
    });
    const counted = Object.keys(receipt.counts).map((name) => name.replace(/^(?!.*\.)/, "public."));
    expect(tables.filter((table) => !counted.includes(table.replaceAll('"', "")))).toEqual([]);
    expect(receipt.leftToOthers).toEqual([
      { where: "the web application's storage", what: `file_url company ${id}` },
    ]);
  });

  test("whose eraser dies again and again is erased in the end, and each thing is counted once", async () => {
    const uninterrupted = (await eraseCompany(context(), ask((await wholeCompany()).id))).counts;
    const before = await snapshot(db, EXCEPT);
    const { id } = await wholeCompany();
    let deaths = 0;
    let batches = 0;
    const blobStore = context().blobStore;
    const mortal = context({
      onBatch: async () => {
        batches += 1;
        if (batches < 9 || batches % 4 === 0) throw new Error("killed");
      },
      // Dies between having removed something and having said so.
      blobStore: {
        ...blobStore,
        remove: async (blob) => {
          await blobStore.remove(blob);
          if (deaths % 2 === 1) throw new Error("killed");
        },
      },
    });
    let receipt: Receipt | undefined;
    while (receipt === undefined) {
      try {
        receipt = await eraseCompany(mortal, ask(id));
      } catch (error) {
        expect(error).toMatchObject({ message: "killed" });
        deaths += 1;
      }
    }
    expect(deaths).toBeGreaterThan(15);
    expect(receipt.counts).toEqual(uninterrupted);
    expect(await snapshot(db, EXCEPT)).toEqual(before);
    expect([await pathsLeft(), await blobsLeft()]).toEqual([[], []]);
  });

  test("by two at once is counted once", async () => {
    const uninterrupted = (await eraseCompany(context(), ask((await wholeCompany()).id))).counts;
    const { id } = await wholeCompany();
    const both = await Promise.all([eraseCompany(context(), ask(id)), eraseCompany(context(), ask(id))]);
    expect((await eraseCompany(context(), ask(id))).counts).toEqual(uninterrupted);
    expect(both[0]?.id).toBe(both[1]?.id);
  });

  test("that is not there is not found; one that was erased has its receipt", async () => {
    await expect(eraseCompany(context(), ask(999))).rejects.toThrow("There is no company 999");
    const id = await insertCompany(db, "Personio");
    const receipt = await eraseCompany(context(), ask(id));
    expect(await eraseCompany(context(), { ...ask(id), by: "someone else" })).toEqual(receipt);
  });

  test("gets nothing new while it is erased, nor afterwards", async () => {
    const id = await insertCompany(db, "Personio");
    const late = await document(id, { a: 3 });
    const lateFields = (await firestore.doc(late.path).get()).data();
    const refused = async () => {
      await expect(document(id, { a: 2n ** 60n })).rejects.toThrow("is erased");
      const fed = { source_name: "github", company_id: id, raw_data: { a: 4 } };
      const claims = { sourceId: other.source, companyId: id };
      await expect(
        feedRawData(stores(), { claims, feed: fed, text: JSON.stringify(fed), now: NOW }),
      ).rejects.toMatchObject({ status: 404 });
      // An event that comes late.
      const event = { id: late.id, path: late.path, fields: lateFields };
      expect(await normalizeDocument({ ...stores(), now: NOW }, event)).toMatchObject({ state: "FAILED" });
    };
    await openErasure(db, { kind: "COMPANY", subjectId: id, by: "x", now: NOW });
    const states = () => db.query("select id, state::text, reason from pipeline.raw_document order by id");
    const before = (await states()).rows;
    await refused();
    expect((await states()).rows).toEqual(before);
    expect(await pathsLeft()).toEqual([late.path]);
    await eraseCompany(context(), ask(id));
    await refused();
    expect(before).not.toEqual((await states()).rows);
    expect((await db.query("select 1 from pipeline.raw_document where id = $1", [late.id])).rows).toEqual([]);
    expect([await pathsLeft(), await blobsLeft()]).toEqual([[], []]);
  });

  test("is not mined any more, and its places go to others", async () => {
    const id = await insertCompany(db, "Personio");
    await db.query(`update data_source set additional_params = '{"calls_in_flight": 1}'`);
    const task = await insertTask(db, other.source, { status: "PROCESSING", attempts: 1 });
    await db.query("insert into pipeline.task_run values ($1, $2, true)", [task, NOW]);
    await db.query(
      `insert into pipeline.mining_call (task_id, company_id, state) values ($1, $2, 'RUNNING'), ($1, $3, 'WAITING')`,
      [task, id, other.company],
    );
    await eraseCompany(context(), ask(id));
    expect(queue.waiting("mineCompany").map(({ payload }) => payload)).toEqual([
      { taskId: task, attempt: 1, companyId: other.company },
    ]);
    const { rows } = await db.query(
      "select company_id, state::text from pipeline.mining_call where task_id = $1",
      [task],
    );
    expect(rows).toEqual([{ company_id: other.company, state: "ENQUEUED" }]);
  });

  test("is in no report page and no task's summary afterwards", async () => {
    const id = await insertCompany(db, "R&D (Berlin)");
    const { blobStore } = context();
    const page = async (week: string, text: string) => {
      const name = `reports/users/${other.user}/${week}.html`;
      await blobStore.write(name, Buffer.from(text));
      await db.query("insert into pipeline.report_run values ($1, $2, '2999-01-01', now(), $3)", [
        other.user,
        week,
        name,
      ]);
      return name;
    };
    await db.query("delete from pipeline.report_run");
    await page("2025-01-06", `<a href="https://parma.example/companies/${id}">`);
    await page("2025-01-13", "Nothing new: R&amp;D (Berlin), Celonis");
    const kept = [
      await page("2025-01-20", `<a href="https://parma.example/companies/${id}0">`),
      await page("2025-01-27", "Nothing new: CRR&amp;D (Berlin)"),
    ];
    const task = await insertTask(db, other.source, { status: "SUCCESS" });
    await db.query(
      "insert into pipeline.mining_call (task_id, company_id, state, error_type) values ($1, $2, 'FAILED', 'x')",
      [task, id],
    );
    const said = (errors: object) => JSON.stringify({ companies: 2, errors });
    await db.query("update scheduled_task set result_summary = $2 where task_id = $1", [
      task,
      said({ [id]: { error_description: "R&D is unknown" }, 77: {} }),
    ]);
    const receipt = await eraseCompany(context(), ask(id));
    expect(receipt.counts["blob store"]).toBe(2);
    expect((await blobStore.list("reports", 10)).map(({ name }) => name)).toEqual(kept);
    const { rows } = await db.query("select page_blob from pipeline.report_run order by week");
    expect(rows).toEqual([
      { page_blob: null },
      { page_blob: null },
      ...kept.map((page_blob) => ({ page_blob })),
    ]);
    const summaries = await db.query("select result_summary from scheduled_task where task_id = $1", [task]);
    expect(summaries.rows).toEqual([
      { result_summary: JSON.stringify({ companies: 2, errors: { 77: {} } }) },
    ]);
    for (const { name } of await blobStore.list("reports", 10)) await blobStore.remove({ name });
  });

  test("what a killed process left of it is found the night after", async () => {
    const id = await insertCompany(db, "Personio");
    await eraseCompany(context(), ask(id));
    await firestore.doc("parma/mining/datasource/github/raw_data/lost").create({ company_id: String(id) });
    await batchOf("lost", id);
    expect(
      await eraseLeftovers(stores(), { before: new Date(NOW.getTime() - 24 * 3_600_000), now: NOW }),
    ).toEqual({ removed: 2, isLast: true });
    expect((await firestore.doc(batchPath("lost")).get()).exists).toBe(false);
    expect((await eraseCompany(context(), ask(id))).counts).toMatchObject({ "firestore batch": 1 });
  });

  test("is erased by tasks, each of which goes on where the one before had to stop", async () => {
    const { id } = await wholeCompany();
    const later = await eraseLater(context(), { kind: "COMPANY", ...ask(id) });
    expect(later.finishedAt).toBeNull();
    expect(queue.take("erase")?.payload).toEqual({ erasureId: later.id });
    await continueErasure(context({ signal: AbortSignal.abort() }), later.id);
    expect(queue.waiting("erase")).toEqual([]);
    await continueErasure(context({ signal: AbortSignal.abort(), clock: () => new Date() }), later.id);
    expect(queue.take("erase")?.payload).toEqual({ erasureId: later.id });
    await continueErasure(context(), later.id);
    expect(await eraseCompany(context(), ask(id))).toMatchObject({ finishedAt: NOW, counts: { company: 1 } });
  });
});

describe("a user", () => {
  const secret = "parma-analytics-notification-channel-key-1";

  /** A user with a channel of the own, and one that is shared. */
  async function wholeUser() {
    const id = await insertUser(db);
    await db.query(`update "user" set profile_picture = 'pictures/anna.png' where id = $1`, [id]);
    const tables = await fillFor("user", id);
    const channel = await insertChannel(db, id, { type: "SLACK", secretId: secret });
    const { rows } = await db.query(
      `insert into pipeline.delivery (kind, user_id, channel_id, week, send_after, created_at)
       values ('REPORT', $1, $2, '2025-03-03', now(), now()) returning id`,
      [id, channel],
    );
    await context().blobStore.write(`reports/users/${id}/2025-03-03.html`, Buffer.from("Your week"));
    return { id, tables, channel, delivery: rows[0] };
  }

  test("is erased with everything in all stores, and nothing else is touched", async () => {
    const before = await snapshot(db, EXCEPT);
    const { id, tables } = await wholeUser();
    const receipt = await eraseUser(context(), ask(id));
    expect(await snapshot(db, EXCEPT)).toEqual(before);
    expect(await context().blobStore.list("reports", 10)).toEqual([]);
    expect(removedSecrets).toEqual([secret]);
    expect(receipt.counts).toMatchObject({
      user: 1,
      notification_channel: 1,
      notification_subscription: 2,
      "blob store": 1,
      "secret manager": 1,
      "pipeline.delivery": 2,
    });
    const counted = Object.keys(receipt.counts).map((name) => name.replace(/^(?!.*\.)/, "public."));
    expect(tables.filter((table) => !counted.includes(table.replaceAll('"', "")))).toEqual([]);
    const left = receipt.leftToOthers.map(({ where }) => where);
    expect(left.toSorted()).toEqual([
      "Firebase Authentication",
      "the web application's storage",
      "the web application's storage",
    ]);
  });

  test("whose eraser dies again and again is erased in the end", async () => {
    const before = await snapshot(db, EXCEPT);
    const { id } = await wholeUser();
    let batches = 0;
    const mortal = context({
      onBatch: async () => {
        batches += 1;
        if (batches % 3 === 0) throw new Error("killed");
      },
    });
    let receipt: Receipt | undefined;
    while (receipt === undefined) receipt = await eraseUser(mortal, ask(id)).catch(() => undefined);
    expect(await snapshot(db, EXCEPT)).toEqual(before);
    expect(receipt.counts).toMatchObject({ user: 1, notification_channel: 1, "blob store": 1 });
  });

  test("whose secret cannot be deleted is told so, and a company that the user added stays", async () => {
    const { id } = await wholeUser();
    await db.query("update company set added_by = $1", [id]);
    const receipt = await eraseUser(context({ removeSecret: async () => "not allowed" }), ask(id));
    expect(receipt.leftToOthers).toContainEqual({ where: "Secret Manager", what: `${secret} (not allowed)` });
    expect((await db.query("select added_by from company")).rows).toEqual([{ added_by: null }]);
  });
});
