import { beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { logger } from "firebase-functions/logger";
import { z } from "zod";
import { openTestDatabase } from "../../../../test/openTestDatabase.ts";
import { recordedQueue } from "../../../../test/recordedQueue.ts";
import { insertSource, insertTask } from "../../../../test/rows.ts";
import { resumeSource } from "../../../domain/miningCall/sourceHealth/sourcePause.ts";
import { selectRows } from "../../../platform/postgres.ts";
import { tick } from "../../schedule/tick.ts";
import { checkCounts, checkData } from "./checkData.ts";
import { checkOf, readChecks } from "./readChecks.ts";

const db = openTestDatabase();
const NOON = new Date("2024-05-15T12:00:00Z");
const hours = (count: number) => new Date(NOON.getTime() + count * 3_600_000);

const logged = jest.spyOn(logger, "write").mockImplementation(() => undefined);
let queue = recordedQueue();
beforeAll(() => db.query("create table wrong (data_source_id integer, number float8)"));
beforeEach(async () => {
  await db.query(
    "delete from data_source; delete from pipeline.data_check; delete from pipeline.notice; delete from wrong",
  );
  queue = recordedQueue();
  logged.mockClear();
});

const HEAD = "-- title: Nothing is wrong\n-- means: Something is\n--   wrong.\n-- do: Mend it.\n";
const check = (severity: "warn" | "halt", sql = "select * from wrong", name = "wrong") =>
  checkOf(name, `${HEAD}-- severity: ${severity}\n--\n-- A remark.\n${sql}`);
const run = (at: Date, checks = [check("halt")], timeoutMs = 5000) =>
  checkData({ db, enqueue: queue.enqueue, checks, timeoutMs }, at);
const stateOf = async (at: Date, checks = [check("halt")]) =>
  (await run(at, checks)).map(({ outcome }) => outcome.state);

const notices = async () =>
  (
    await selectRows(db, z.object({ subject: z.string() }), "select subject from pipeline.notice order by id")
  ).map(({ subject }) => subject);
const events = () =>
  logged.mock.calls.map(([{ event, severity, paused, resumed }]) => ({ event, severity, paused, resumed }));
const recorded = async () =>
  (
    await db.query(
      "select name, state, since, last_run_at, failing_count::int, error from pipeline.data_check",
    )
  ).rows;
const pauses = async () =>
  (await db.query("select data_source_id, paused_by, lifted_by from pipeline.source_pause order by 1")).rows;
const wrong = (source: number | null, number: number | string = 1) =>
  db.query("insert into wrong values ($1, $2)", [source, number]);

test("the checks that come with the project are complete, and pass on an empty database", async () => {
  const checks = await readChecks();
  expect(checks.length).toBeGreaterThan(5);
  const reports = await run(NOON, checks);
  expect(reports.filter(({ outcome }) => outcome.state !== "PASSING")).toEqual([]);
  expect(checkCounts(reports)).toEqual({ passing: checks.length, failing: 0, broken: 0 });
  expect(await notices()).toEqual([]);
});

test("a head that says too little is refused", () => {
  expect(() => checkOf("short", "-- title: x\nselect 1")).toThrow(/short is incomplete/);
  expect(check("warn")).toMatchObject({ severity: "WARN", means: "Something is wrong.", remedy: "Mend it." });
});

describe("a check that fails", () => {
  test("is told once, and once when it passes again", async () => {
    await wrong(null);
    await run(NOON);
    await run(hours(1));
    expect(await recorded()).toEqual([
      { name: "wrong", state: "FAILING", since: NOON, last_run_at: hours(1), failing_count: 1, error: null },
    ]);
    await db.query("delete from wrong");
    await run(hours(2));
    await run(hours(3));
    expect(await notices()).toEqual([
      "Data check failing: Nothing is wrong",
      "Data check passing again: Nothing is wrong",
    ]);
    expect(events()).toMatchObject([
      { event: "data_check_failed", severity: "ERROR" },
      { event: "data_check_recovered", severity: "NOTICE" },
    ]);
    expect(queue.waiting("deliver")).toHaveLength(2);
  });

  test("is told once by runs at once", async () => {
    await wrong(null);
    await Promise.all([run(NOON), run(NOON), run(NOON)]);
    expect(await notices()).toHaveLength(1);
  });

  test("has its first rows kept in place of those of the run before, and all counted", async () => {
    const source = await insertSource(db);
    await db.query("insert into wrong select $1, n from generate_series(1, 150) n", [source]);
    await run(NOON);
    await wrong(null, "NaN");
    await wrong(987_654, 3);
    await db.query("delete from wrong where number <= 148");
    const rows = async () =>
      (await db.query("select position, data_source_id, finding from pipeline.data_check_row order by 1"))
        .rows;
    expect(await recorded()).toMatchObject([{ failing_count: 150 }]);
    expect(await rows()).toHaveLength(100);
    await run(hours(1));
    expect(await rows()).toEqual([
      { position: 1, data_source_id: source, finding: { data_source_id: source, number: 149 } },
      { position: 2, data_source_id: source, finding: { data_source_id: source, number: 150 } },
      { position: 3, data_source_id: null, finding: { data_source_id: null, number: "NaN" } },
    ]);
  });
});

describe("a check that does not work", () => {
  const broken = [
    ["names what is not there", "select * from nothing_of_that_name"],
    ["would write", "insert into wrong values (1, 1) returning *"],
    ["takes too long", "select pg_sleep(3)"],
    ["divides by zero", "select 1 / (select 0) as x"],
  ] as const;

  test.each(broken)("because it %s is BROKEN, and stops no other", async (_why, sql) => {
    await wrong(null);
    const checks = [check("halt", sql, "bad"), check("warn")];
    const reports = await run(NOON, checks, 100);
    expect(reports.map(({ outcome }) => outcome.state)).toEqual(["BROKEN", "FAILING"]);
    await run(hours(1), checks, 100);
    expect(await notices()).toEqual([
      "Data check broken: Nothing is wrong",
      "Data check failing: Nothing is wrong",
    ]);
    expect((await db.query("select count(*)::int as count from wrong")).rows).toEqual([{ count: 1 }]);
  });

  test("keeps what it found before, and what it pauses", async () => {
    const source = await insertSource(db);
    await wrong(source);
    await run(NOON);
    await db.query("alter table wrong rename to gone");
    expect(await stateOf(hours(1))).toEqual(["BROKEN"]);
    expect(await recorded()).toMatchObject([
      { state: "BROKEN", failing_count: 1, error: expect.any(String) },
    ]);
    expect(await pauses()).toMatchObject([{ data_source_id: source }]);
    await db.query("alter table gone rename to wrong");
  });

  test("is none where the database is at fault: it is not recorded, and the job fails after the others", async () => {
    const lost = Object.assign(new Error("Connection terminated unexpectedly"));
    let count = 0;
    const flaky = {
      ...db,
      transaction: <T>(work: Parameters<typeof db.transaction<T>>[0]) => {
        count += 1;
        return count === 1 ? Promise.reject(lost) : db.transaction(work);
      },
    };
    const checks = [check("warn"), check("warn", "select * from wrong", "other")];
    await expect(checkData({ db: flaky, enqueue: queue.enqueue, checks }, NOON)).rejects.toThrow(
      AggregateError,
    );
    expect(await recorded()).toMatchObject([{ name: "other", state: "PASSING" }]);
  });
});

describe("a check that halts", () => {
  const started = async (at: Date) => (await tick({ db, enqueue: queue.enqueue }, at)).started;

  test("pauses the sources of its rows, and no others, until it finds nothing of them", async () => {
    const bad = await insertSource(db, { name: "bad", createdAt: NOON });
    await insertSource(db, { name: "good", createdAt: NOON });
    await wrong(bad);
    await wrong(bad);
    await wrong(null);
    await run(NOON);
    expect(await started(NOON)).toBe(1);
    await db.query("delete from wrong where data_source_id is not null");
    await run(hours(1));
    expect(await recorded()).toMatchObject([{ state: "FAILING", since: NOON }]);
    await db.query("update scheduled_task set status = 'SUCCESS' where status = 'PROCESSING'");
    expect(await started(hours(1))).toBe(1);
    expect(await notices()).toHaveLength(2);
    expect(events().filter(({ event }) => event?.startsWith("data_check"))).toMatchObject([
      { event: "data_check_failed", paused: "bad" },
      { event: "data_check_failed", resumed: "bad" },
    ]);
  });

  test("resumes only what it paused itself", async () => {
    const source = await insertSource(db);
    await db.query("insert into pipeline.source_pause values ($1, 'operator', 'moves house', $2)", [
      source,
      NOON,
    ]);
    await wrong(source);
    await run(NOON);
    await db.query("delete from wrong");
    await run(hours(1));
    expect(await pauses()).toEqual([{ data_source_id: source, paused_by: "operator", lifted_by: null }]);
  });

  test("is overruled by an operator until it has passed", async () => {
    const source = await insertSource(db);
    await wrong(source);
    await run(NOON);
    await resumeSource(db, { sourceId: source, by: "anna" }, NOON);
    await run(hours(1));
    expect(await pauses()).toEqual([{ data_source_id: source, paused_by: "check:wrong", lifted_by: "anna" }]);
    expect(await started(hours(1))).toBe(1);
    await db.query("delete from wrong");
    await run(hours(2));
    await wrong(source);
    await run(hours(3));
    expect(await pauses()).toMatchObject([{ lifted_by: null }]);
  });

  test("has the calls go on that waited, and the pause is not the task's silence", async () => {
    const source = await insertSource(db);
    const task = await insertTask(db, source, { status: "PROCESSING", startedAt: NOON, attempts: 1 });
    await db.query("insert into pipeline.task_run values ($1, $2, true)", [task, NOON]);
    await wrong(source);
    await run(NOON);
    await db.query("delete from wrong");
    await run(hours(30));
    expect(queue.waiting("mineSource").map(({ payload }) => payload)).toEqual([
      { taskId: task, attempt: 1, after: null },
    ]);
    expect((await db.query("select last_seen_at from pipeline.task_run")).rows).toEqual([
      { last_seen_at: hours(30) },
    ]);
  });

  test("looks back to where it began to pause, and a check that is gone pauses nothing", async () => {
    const source = await insertSource(db);
    const since = check(
      "halt",
      `select ${source} as data_source_id where $2::timestamp(3) = '2024-05-13 12:00'`,
    );
    expect(await stateOf(NOON, [since])).toEqual(["FAILING"]);
    expect(await stateOf(hours(27 * 24), [since])).toEqual(["FAILING"]);
    await run(hours(27 * 24), [check("warn", "select * from wrong", "other")]);
    expect(await recorded()).toMatchObject([{ name: "other" }]);
    expect(await pauses()).toEqual([]);
  });

  test("that no longer does resumes what it paused", async () => {
    await wrong(await insertSource(db));
    await run(NOON);
    await run(hours(1), [check("warn")]);
    expect(await pauses()).toEqual([]);
  });
});
