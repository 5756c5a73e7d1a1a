import { beforeEach, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { emptyTables } from "../../../test/emptyTables.ts";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";
import { recordedQueue } from "../../../test/recordedQueue.ts";
import { insertCompany, insertSource, insertTask } from "../../../test/rows.ts";
import { finishCalls } from "../../domain/miningCall/finishCalls.ts";
import { tick } from "./tick.ts";

const db = openTestDatabase();
const NOON = new Date("2024-05-15T12:00:00Z");
const minutes = (count: number) => new Date(NOON.getTime() + count * 60_000);
const days = (count: number) => minutes(count * 24 * 60);

let queue = recordedQueue();
beforeEach(async () => {
  await emptyTables(db);
  queue = recordedQueue();
});

const tickAt = (now: Date) => tick({ db, enqueue: queue.enqueue }, now);

async function tasks(): Promise<unknown[]> {
  const { rows } = await db.query(
    `select data_source_id, schedule_type, status, scheduled_at, attempts, ended_at, result_summary
       from scheduled_task order by scheduled_at, task_id`,
  );
  return rows;
}

async function slots(): Promise<string[]> {
  const { rows } = await db.query(
    `select to_char(scheduled_at, 'YYYY-MM-DD HH24:MI') || ' ' || status as slot
       from scheduled_task order by scheduled_at, task_id`,
  );
  return rows.map((row) => JSON.parse(JSON.stringify(row)).slot);
}

describe("planning", () => {
  test("a new source is started at once", async () => {
    const source = await insertSource(db, { createdAt: minutes(-3) });
    await expect(tickAt(NOON)).resolves.toMatchObject({ planned: 2, started: 1 });
    expect(await slots()).toEqual(["2024-05-15 11:57 PROCESSING", "2024-05-16 11:57 PENDING"]);
    expect(await tasks()).toMatchObject([
      { data_source_id: source, schedule_type: "REGULAR", attempts: 1 },
      { data_source_id: source, schedule_type: "REGULAR", attempts: 0 },
    ]);
  });

  test("a new source that is run on demand has had its first run", async () => {
    const source = await insertSource(db, { createdAt: minutes(-3) });
    await insertTask(db, source, { type: "ON_DEMAND", scheduledAt: minutes(-2), maxRunSeconds: 300 });
    await db.query("update data_source set max_run_seconds = 900");
    await tickAt(NOON);
    expect(await slots()).toEqual(["2024-05-15 11:58 PROCESSING", "2024-05-16 11:57 PENDING"]);
    // It has the source's own time, which is longer than the web application's.
    const { rows } = await db.query("select max_run_seconds from scheduled_task where status = 'PROCESSING'");
    expect(rows).toEqual([{ max_run_seconds: 900 }]);
  });

  test("after an outage of 70 days the next run says how many were missed", async () => {
    await insertSource(db, { frequency: "MONTHLY", createdAt: NOON });
    await tickAt(NOON);
    await db.query("update scheduled_task set status = 'SUCCESS', ended_at = scheduled_at");
    await tickAt(days(70));
    const { rows } = await db.query("select task_id from scheduled_task where status = 'PROCESSING'");
    const { task_id: taskId } = z.object({ task_id: z.int() }).parse(rows[0]);
    await finishCalls(db, { taskId, results: [], wholeTask: true, now: days(70) });
    const summaries = (await tasks()).map((task) => Object(task).result_summary ?? "{}");
    expect(summaries.map((summary) => JSON.parse(summary).missedRunsBefore)).toEqual([undefined, 1]);
  });

  test.each([
    ["HOURLY", 25],
    ["DAILY", 2],
    ["WEEKLY", 1],
    ["MONTHLY", 1],
  ] as const)("%s: the slot that is due and those of the next 24 hours", async (frequency, planned) => {
    await insertSource(db, { frequency, createdAt: NOON });
    await expect(tickAt(NOON)).resolves.toMatchObject({ planned });
  });

  test("a tick that has nothing new to plan plans nothing, and two at once plan once", async () => {
    await insertSource(db, { frequency: "HOURLY", createdAt: minutes(-90) });
    await insertSource(db, { frequency: "DAILY", createdAt: minutes(-90) });
    const results = await Promise.all([tickAt(NOON), tickAt(minutes(1)), tickAt(NOON)]);
    expect(results.map(({ planned }) => planned).sort()).toEqual([0, 0, 27]);
    expect(results.map(({ started }) => started).sort()).toEqual([0, 0, 2]);
  });

  test("what is planned already uses up no ids", async () => {
    const lastId = async () => (await db.query("select last_value from scheduled_task_task_id_seq")).rows;
    await insertSource(db, { frequency: "HOURLY", createdAt: minutes(-90) });
    await tickAt(NOON);
    const before = await lastId();
    await tickAt(minutes(1));
    expect(await lastId()).toEqual(before);
  });

  test("after a pause the source runs once, not once for each slot that it missed", async () => {
    await insertSource(db, { frequency: "HOURLY", createdAt: days(-10) });
    await tickAt(NOON);
    expect((await slots())[0]).toBe("2024-05-15 12:00 PROCESSING");
  });

  test("what became due while the source was busy runs once, in its newest slot", async () => {
    await insertSource(db, { frequency: "HOURLY", createdAt: NOON });
    await tickAt(NOON);
    await db.query("update scheduled_task set status = 'SUCCESS' where status = 'PROCESSING'");
    await expect(tickAt(minutes(4 * 60))).resolves.toMatchObject({ removed: 3, started: 1 });
    expect((await slots()).slice(0, 3)).toEqual([
      "2024-05-15 12:00 SUCCESS",
      "2024-05-15 16:00 PROCESSING",
      "2024-05-15 17:00 PENDING",
    ]);
  });

  test("months are counted from the first run: the 31st does not drift", async () => {
    await insertSource(db, { frequency: "MONTHLY", createdAt: new Date("2024-01-31T08:00:00Z") });
    await tickAt(new Date("2024-02-29T09:00:00Z"));
    await tickAt(new Date("2024-03-31T09:00:00Z"));
    expect(await slots()).toEqual(["2024-02-29 08:00 PROCESSING", "2024-03-31 08:00 PENDING"]);
  });

  test("a slower frequency does not run again what has just run; a faster one runs at once", async () => {
    const source = await insertSource(db, { frequency: "DAILY", createdAt: days(-3) });
    await tickAt(NOON);
    await db.query(
      "update scheduled_task set status = 'SUCCESS', ended_at = scheduled_at where status = 'PROCESSING'",
    );
    // What the web application does at a change of frequency.
    await db.query("delete from scheduled_task where scheduled_at > $1", [minutes(5)]);
    await db.query("update data_source set frequency = 'WEEKLY' where id = $1", [source]);
    await expect(tickAt(minutes(1))).resolves.toMatchObject({ planned: 0, started: 0 });

    await db.query("update data_source set frequency = 'HOURLY' where id = $1", [source]);
    await expect(tickAt(minutes(61))).resolves.toMatchObject({ planned: 24 + 1, started: 1 });
  });

  test("planned runs of a source that is switched off are removed; what was asked for by hand runs", async () => {
    const source = await insertSource(db, { frequency: "HOURLY", createdAt: minutes(30) });
    await tickAt(NOON);
    await db.query("update scheduled_task set status = 'SUCCESS' where status = 'PROCESSING'");
    await db.query("update data_source set is_active = false where id = $1", [source]);
    await insertTask(db, source, { type: "ON_DEMAND", scheduledAt: NOON });
    await expect(tickAt(minutes(1))).resolves.toMatchObject({ planned: 0, removed: 24, started: 1 });
  });
});

describe("starting", () => {
  test("one mineSource task a claimed task, what was asked for by hand first, one at a time of a source", async () => {
    const source = await insertSource(db, { isActive: false });
    const other = await insertSource(db, { isActive: false });
    const regular = await insertTask(db, other, { type: "REGULAR", scheduledAt: minutes(-50) });
    await insertTask(db, source, { scheduledAt: minutes(-10) });
    const first = await insertTask(db, source, { scheduledAt: minutes(-20) });
    // Plain REGULAR tasks of inactive sources would be removed.
    await db.query("update data_source set is_active = true, created_at = $1", [minutes(24 * 60 + 1)]);

    await expect(tickAt(NOON)).resolves.toMatchObject({ started: 2 });
    expect(queue.waiting("mineSource").map(({ payload }) => payload)).toEqual(
      [regular, first].sort((a, b) => a - b).map((taskId) => ({ taskId, attempt: 1, after: 0 })),
    );
    await expect(tickAt(minutes(1))).resolves.toMatchObject({ started: 0 });
  });

  test("ticks at once never run two tasks of one source", async () => {
    const source = await insertSource(db, { isActive: false });
    for (let count = 0; count < 10; count += 1)
      await insertTask(db, source, { scheduledAt: minutes(-count) });
    await Promise.all(Array.from({ length: 10 }, () => tickAt(NOON)));
    const { rows } = await db.query("select from scheduled_task where status = 'PROCESSING'");
    expect(rows).toHaveLength(1);
  });

  test("what is not due is left", async () => {
    const source = await insertSource(db, { isActive: false });
    await insertTask(db, source, { scheduledAt: minutes(1) });
    await expect(tickAt(NOON)).resolves.toMatchObject({ started: 0 });
  });
});

describe("reclaiming", () => {
  const overdue = { status: "PROCESSING", scheduledAt: minutes(-20), maxRunSeconds: 300 } as const;

  test("a task within its time is left alone", async () => {
    const source = await insertSource(db, { isActive: false });
    await insertTask(db, source, { ...overdue, startedAt: minutes(-5), attempts: 1 });
    await expect(tickAt(NOON)).resolves.toMatchObject({ reclaimed: 0, failed: 0 });
  });

  test("a call that has begun or ended lately is a sign of life", async () => {
    const source = await insertSource(db, { isActive: false });
    const task = await insertTask(db, source, { ...overdue, startedAt: minutes(-120), attempts: 1 });
    await db.query("insert into pipeline.task_run (task_id, last_seen_at) values ($1, $2)", [
      task,
      minutes(-4),
    ]);
    await expect(tickAt(NOON)).resolves.toMatchObject({ reclaimed: 0 });
    await expect(tickAt(minutes(2))).resolves.toMatchObject({ reclaimed: 1, started: 1 });
  });

  test("below three attempts it runs again, only the calls that are not final", async () => {
    const source = await insertSource(db, { isActive: false });
    const done = await insertCompany(db, "Done");
    const lost = await insertCompany(db, "Lost");
    const task = await insertTask(db, source, { ...overdue, startedAt: minutes(-6), attempts: 2 });
    await db.query(
      `insert into pipeline.mining_call (task_id, company_id, state) values ($1, $2, 'SUCCEEDED'), ($1, $3, 'RUNNING')`,
      [task, done, lost],
    );
    await expect(tickAt(NOON)).resolves.toMatchObject({ reclaimed: 1, failed: 0, started: 1 });
    expect(await tasks()).toMatchObject([{ status: "PROCESSING", attempts: 3, ended_at: null }]);
    const { rows } = await db.query("select company_id, state from pipeline.mining_call order by company_id");
    expect(rows).toEqual([
      { company_id: done, state: "SUCCEEDED" },
      { company_id: lost, state: "WAITING" },
    ]);
    expect(queue.waiting("mineSource")).toMatchObject([{ payload: { taskId: task, attempt: 3, after: 0 } }]);
  });

  test("after three attempts it has failed, and says why", async () => {
    const source = await insertSource(db, { isActive: false });
    const done = await insertCompany(db, "Done");
    const lost = await insertCompany(db, "Lost");
    const task = await insertTask(db, source, { ...overdue, startedAt: minutes(-6), attempts: 3 });
    await db.query(
      `insert into pipeline.mining_call (task_id, company_id, state) values ($1, $2, 'SUCCEEDED'), ($1, $3, 'RUNNING')`,
      [task, done, lost],
    );
    await expect(tickAt(NOON)).resolves.toMatchObject({ reclaimed: 0, failed: 1, started: 0 });
    expect(await tasks()).toMatchObject([{ status: "FAILED", ended_at: NOON, attempts: 3 }]);
    const { rows } = await db.query("select result_summary from scheduled_task");
    expect(JSON.parse(JSON.parse(JSON.stringify(rows))[0].result_summary)).toEqual({
      reason: "Silent for more than 300 s in attempt 3 of 3",
      succeeded: 1,
      failed: 1,
      skipped: 0,
    });
    const calls = await db.query(
      "select error_type, ended_at from pipeline.mining_call where state = 'FAILED'",
    );
    expect(calls.rows).toEqual([{ error_type: "TaskOverdue", ended_at: NOON }]);
  });
});

test("a tick is a constant number of statements", async () => {
  const count = async () => {
    let statements = 0;
    await tick(
      {
        db: {
          ...db,
          transaction: (work) =>
            db.transaction((connection) =>
              work({
                query: (text, values) => {
                  statements += 1;
                  return connection.query(text, values);
                },
              }),
            ),
        },
        enqueue: queue.enqueue,
      },
      NOON,
    );
    return statements;
  };
  await insertSource(db);
  const forOne = await count();
  // With BEGIN and COMMIT, the nine that tick() promises.
  expect(forOne).toBe(7);
  for (let more = 0; more < 30; more += 1) await insertSource(db, { frequency: "HOURLY" });
  expect(await count()).toBe(forOne);
});
