import { beforeEach, describe, expect, jest, test } from "@jest/globals";
import { logger } from "firebase-functions/logger";
import { openTestDatabase } from "../../test/openTestDatabase.ts";
import { DIED, type JobRun, runJob } from "./jobRun.ts";

const db = openTestDatabase();
const NOON = new Date("2024-05-15T12:00:00Z");
const seconds = (count: number) => new Date(NOON.getTime() + count * 1000);
const SCHEDULED: JobRun = { job: "sweep", trigger: "SCHEDULE", scheduledFor: NOON, timeoutSeconds: 60 };
const ASKED: JobRun = { job: "sweep", trigger: "HTTP", timeoutSeconds: 60 };

beforeEach(async () => {
  await db.query("truncate pipeline.job_run");
});

async function runs() {
  const { rows } = await db.query(
    `select job, trigger::text, scheduled_for, attempts, state::text, started_at, ended_at, counts, error
       from pipeline.job_run order by id`,
  );
  return rows;
}

/** A clock that shows one time after the other. */
function clock(...times: readonly number[]) {
  const left = [...times];
  return () => seconds(left.shift() ?? 0);
}

const fails = async () => {
  throw new TypeError("could not reach jo@example.org");
};

describe("a run", () => {
  test("is recorded with what it did", async () => {
    await expect(runJob(db, SCHEDULED, async () => ({ sent: 3 }), clock(1, 4))).resolves.toEqual({ sent: 3 });
    expect(await runs()).toEqual([
      {
        job: "sweep",
        trigger: "SCHEDULE",
        scheduled_for: NOON,
        attempts: 1,
        state: "SUCCEEDED",
        started_at: seconds(1),
        ended_at: seconds(4),
        counts: { sent: 3 },
        error: null,
      },
    ]);
  });

  test("that fails is recorded with why, and fails", async () => {
    await expect(runJob(db, SCHEDULED, fails, clock(1, 2))).rejects.toThrow(TypeError);
    expect(await runs()).toMatchObject([
      { state: "FAILED", error: "TypeError: could not reach [email]", ended_at: seconds(2) },
    ]);
  });

  test("of the same time is a further attempt, of which the later one counts", async () => {
    await runJob(db, SCHEDULED, fails, clock(1, 2)).catch(() => undefined);
    const third = () => runJob(db, SCHEDULED, async () => ({ done: 3 }), clock(4, 5));
    const second = async () => {
      await third();
      throw new Error("late");
    };
    await runJob(db, SCHEDULED, second, clock(3, 9)).catch(() => undefined);
    const counted = { attempts: 3, state: "SUCCEEDED", counts: { done: 3 }, error: null };
    expect(await runs()).toMatchObject([{ ...counted, started_at: seconds(4), ended_at: seconds(5) }]);
  });

  test("that a person starts is one of its own each time", async () => {
    await Promise.all([runJob(db, ASKED, async () => ({})), runJob(db, ASKED, async () => ({}))]);
    expect(await runs()).toMatchObject([{ scheduled_for: null }, { scheduled_for: null }]);
  });

  test("whose process died is failed by the next one of its job, once it is too old", async () => {
    const never = new Promise<object>(() => undefined);
    const begun = Promise.withResolvers<void>();
    const hang = () => {
      begun.resolve();
      return never;
    };
    void runJob(db, SCHEDULED, hang, clock(0));
    await begun.promise;
    const later = { ...SCHEDULED, scheduledFor: seconds(30) };
    await runJob(db, { ...later, job: "another" }, async () => ({}), clock(61, 62));
    await runJob(db, later, async () => ({}), clock(30, 31));
    expect(await runs()).toContainEqual(expect.objectContaining({ scheduled_for: NOON, state: "RUNNING" }));
    await runJob(db, ASKED, async () => ({}), clock(61, 62));
    expect(await runs()).toContainEqual(
      expect.objectContaining({ scheduled_for: NOON, state: "FAILED", error: DIED, ended_at: seconds(61) }),
    );
  });

  test("that cannot be recorded runs all the same", async () => {
    const warned = jest.spyOn(logger, "warn").mockImplementation(() => undefined);
    const broken = { query: async () => Promise.reject(new Error("connection refused")) };
    await expect(runJob(broken, SCHEDULED, async () => ({ sent: 1 }))).resolves.toEqual({ sent: 1 });
    expect(warned).toHaveBeenCalledTimes(1);
    warned.mockRestore();
  });

  test("is counted by day, job and state", async () => {
    await runJob(db, SCHEDULED, async () => ({}), clock(0, 2));
    await runJob(db, ASKED, async () => ({}), clock(10, 11));
    await runJob(db, ASKED, fails, clock(20, 25)).catch(() => undefined);
    const { rows } = await db.query(
      "select day::text, job, state::text, runs::int, seconds from pipeline.job_day order by seconds",
    );
    expect(rows).toEqual([
      { day: "2024-05-15", job: "sweep", state: "SUCCEEDED", runs: 2, seconds: 3 },
      { day: "2024-05-15", job: "sweep", state: "FAILED", runs: 1, seconds: 5 },
    ]);
  });
});
