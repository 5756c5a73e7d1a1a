import { beforeEach, describe, expect, test } from "@jest/globals";
import { emptyTables } from "../../../test/emptyTables.ts";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";
import { recordedQueue } from "../../../test/recordedQueue.ts";
import { insertCompany, insertSource, insertTask } from "../../../test/rows.ts";
import {
  companyWithSeries,
  follow,
  insertChannel,
  insertFinding,
  insertUser,
} from "../../../test/subscribers.ts";
import { openDeliveries } from "../../domain/message/openDeliveries.ts";
import { loadUpkeep } from "../../upkeep.ts";
import { openErasure } from "./erase/erasure.ts";
import { sweep } from "./sweep.ts";

const db = openTestDatabase();
const START = new Date("2025-03-03T08:00:00Z");
const MINUTES = 60_000;

let now: Date;
let queue: ReturnType<typeof recordedQueue>;
beforeEach(async () => {
  await emptyTables(db, { restartsIds: true });
  now = START;
  queue = recordedQueue();
});

const sweepAll = async () => sweep(await loadUpkeep(), { db, enqueue: queue.enqueue }, { now, factor: 1 });
const sweepAfter = (minutes: number) => {
  now = new Date(now.getTime() + minutes * MINUTES);
  return sweepAll();
};
const payloads = (name: string) => queue.waiting(name).map(({ payload }) => payload);

test("where nothing stands still, it does nothing", async () => {
  expect(Object.values(await sweepAfter(0)).every((count) => count === 0)).toBe(true);
});

describe("a raw document", () => {
  const path = "parma/mining/datasource/github/raw_data/one";
  const state = async () =>
    (await db.query("select state, attempt, reason from pipeline.raw_document")).rows[0];
  beforeEach(async () => {
    const source = await insertSource(db, { name: "github" });
    const company = await insertCompany(db, "Personio");
    await db.query(
      `insert into pipeline.raw_document
         (id, path, data_source_id, company_id, observed_at, received_at, map_version, state, state_since)
       values ('one', $1, $2, $3, $4, $4, 1, 'RECEIVED', $4)`,
      [path, source, company, START],
    );
  });

  test("whose event got lost is normalized again, later each time, and failed in the end", async () => {
    await sweepAfter(9);
    expect(payloads("normalizeAgain")).toEqual([]);
    const rounds: number[] = [];
    for (let minutes = 10; rounds.length < 5; minutes += 10) {
      const before = queue.waiting("normalizeAgain").length;
      await sweepAfter(10);
      if (queue.waiting("normalizeAgain").length > before) rounds.push(minutes);
    }
    expect(payloads("normalizeAgain")).toEqual(Array.from({ length: 5 }, () => ({ path })));
    // Right away, then after 10, 20, 40 and 80 minutes.
    expect(rounds).toEqual([10, 30, 60, 110, 200]);
    expect(await state()).toMatchObject({ state: "RECEIVED", attempt: 5 });
    await sweepAfter(170);
    expect(await state()).toMatchObject({
      state: "FAILED",
      reason: "Given up after 5 attempts; it was never normalized",
    });
    expect(await sweepAfter(1000)).toMatchObject({ documentsAgain: 0, documentsFailed: 0 });
  });

  test("whose batch got lost is analyzed again", async () => {
    await db.query("update pipeline.raw_document set state = 'NORMALIZED'");
    await sweepAfter(11);
    expect([payloads("analyzeAgain"), payloads("normalizeAgain")]).toEqual([[{ rawDocumentId: "one" }], []]);
  });

  test("is set going once by two sweeps at once", async () => {
    now = new Date(START.getTime() + 11 * MINUTES);
    const both = [1, 2].map(sweepAll);
    const again = (await Promise.all(both)).map((counts) => counts["documentsAgain"]);
    expect(again.toSorted()).toEqual([0, 1]);
  });
});

describe("a scheduled task", () => {
  let task: number;
  let company: number;
  beforeEach(async () => {
    const source = await insertSource(db, { name: "github" });
    company = await insertCompany(db, "Personio");
    task = await insertTask(db, source, {
      status: "PROCESSING",
      startedAt: START,
      attempts: 1,
      maxRunSeconds: 300,
    });
    await db.query("insert into pipeline.task_run values ($1, $2, false)", [task, START]);
  });
  const openCall = (columns: string, values: string) =>
    db.query(
      `insert into pipeline.mining_call (task_id, company_id, ${columns}) values ($1, $2, ${values})`,
      [task, company],
    );
  const call = async () =>
    (await db.query("select state, attempt, error_type from pipeline.mining_call")).rows[0];
  const again = { taskId: 1, attempt: 1, companyId: 1 };

  test("whose page got lost goes on after the last company that has a call", async () => {
    await sweepAfter(4);
    expect(payloads("mineSource")).toEqual([]);
    await sweepAfter(2);
    expect(payloads("mineSource")).toEqual([{ taskId: task, attempt: 1, after: 0 }]);
    await openCall("state, enqueued_at", "'ENQUEUED', '2025-03-03 08:06'");
    await sweepAfter(2);
    expect(payloads("mineSource").at(-1)).toEqual({ taskId: task, attempt: 1, after: company });
  });

  test("whose calls wait although there are places gets them", async () => {
    await openCall("state", "'WAITING'");
    await db.query("update pipeline.task_run set fanned_out = true");
    await sweepAfter(6);
    expect(payloads("mineSource")).toEqual([{ taskId: task, attempt: 1, after: null }]);
  });

  test("with a call whose task got lost has it enqueued under another id", async () => {
    await openCall("state, enqueued_at", "'ENQUEUED', '2025-03-03 08:00'");
    await sweepAfter(14);
    expect(payloads("mineCompany")).toEqual([]);
    await sweepAfter(2);
    await sweepAfter(2);
    expect(payloads("mineCompany")).toEqual([again]);
    await sweepAfter(20);
    expect(payloads("mineCompany")).toEqual([again, again]);
  });

  test("with a call whose process died has it called alone, until it has had its attempts", async () => {
    await openCall("state, started_at, attempt", "'RUNNING', '2025-03-03 08:00', 3");
    await sweepAfter(5.5);
    expect(await call()).toMatchObject({ state: "RUNNING" });
    await sweepAfter(1);
    expect(await call()).toMatchObject({ state: "ENQUEUED" });
    expect(await call()).toMatchObject({ attempt: 2, error_type: "ProcessDied" });
    expect(payloads("mineCompanyAlone")).toEqual([again]);
    await db.query("update pipeline.mining_call set state = 'RUNNING', attempt = 4, started_at = $1", [now]);
    await db.query("update pipeline.task_run set fanned_out = true");
    expect(await sweepAfter(7)).toMatchObject({ callsFailed: 1 });
    expect(await call()).toMatchObject({ state: "FAILED", error_type: "ProcessDied" });
    expect((await db.query("select status from scheduled_task")).rows).toEqual([{ status: "FAILED" }]);
  });
});

test("comments whose scoring got lost are asked for once more", async () => {
  const series = await companyWithSeries(db, "Personio");
  await db.query(
    `insert into pipeline.raw_document
       (id, path, data_source_id, company_id, observed_at, received_at, map_version, state, state_since)
     values ('one', 'one', $1, $2, $3, $3, 1, 'ANALYZED', $3)`,
    [series.sourceId, series.companyId, START],
  );
  await db.query("insert into pipeline.analysis values ('one', 'ANALYZED', $1, 1, 1, 0, '{}')", [START]);
  await db.query(
    `insert into measurement_comment_value
       (company_measurement_id, value, "timestamp", item_key, raw_document_id, modified_at)
     values ($1, 'nice', $2, '', 'one', $2)`,
    [series.companyMeasurementId, START],
  );
  await sweepAfter(60);
  expect(payloads("scoreComments")).toEqual([]);
  await sweepAfter(61);
  await sweepAfter(120);
  expect(payloads("scoreComments")).toEqual([{ rawDocumentId: "one" }]);
});

test("a message that is due gets a task again, each round a new one", async () => {
  const series = await companyWithSeries(db, "Personio");
  const user = await insertUser(db);
  await insertChannel(db, user);
  await follow(db, user, series.companyId);
  const findingIds = [await insertFinding(db, series)];
  await openDeliveries(db, { companyId: series.companyId, findingIds, now }, 0);
  await sweepAfter(0);
  expect(payloads("deliver")).toEqual([]);
  await sweepAfter(6);
  await sweepAfter(10);
  expect(payloads("deliver")).toEqual([{ deliveryId: 1 }, { deliveryId: 1 }]);
});

test("an erasure whose task got lost goes on, once an hour until it is done", async () => {
  const company = await insertCompany(db, "Personio");
  await openErasure(db, { kind: "COMPANY", subjectId: company, by: "an operator", now });
  await sweepAfter(119);
  expect(payloads("erase")).toEqual([]);
  await sweepAfter(2);
  await sweepAfter(5);
  expect(payloads("erase")).toEqual([{ erasureId: 1 }]);
  await sweepAfter(60);
  expect(payloads("erase")).toHaveLength(2);
  await db.query("update pipeline.erasure set finished_at = $1", [now]);
  await sweepAfter(60);
  expect(payloads("erase")).toHaveLength(2);
});
