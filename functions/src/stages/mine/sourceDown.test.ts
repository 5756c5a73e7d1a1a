import { beforeEach, describe, expect, jest, test } from "@jest/globals";
import { logger } from "firebase-functions/logger";
import { dyingAtEveryStep } from "../../../test/dying.ts";
import { openMining } from "../../../test/mining.ts";
import { insertCompany } from "../../../test/rows.ts";
import { finishCalls } from "../../domain/miningCall/finishCalls.ts";
import { releaseTask } from "../../domain/miningCall/miningCall.ts";
import { pauseSources, resumeSource } from "../../domain/miningCall/sourceHealth/sourcePause.ts";
import { ModuleError } from "../../domain/miningModule/moduleError.ts";
import { readSourceHealth } from "../operate/ops/sourceHealth.ts";
import { tick } from "../schedule/tick.ts";

const START = new Date("2024-05-15T12:00:00Z");
const mining = openMining(START);
const { db, companies, startTask, runAll, runPage, runCall, runToEnd, task, calls } = mining;
const outside = () => ({ db, enqueue: mining.queue.enqueue });

const minutes = (count: number) => {
  mining.now = new Date(mining.now.getTime() + count * 60_000);
};
const health = async () => (await readSourceHealth(db, mining.now, mining.source))[0];
const counted = async () =>
  Object.fromEntries(Object.entries(Object.groupBy(await calls(), (call) => call.state)).map(countOf));
const countOf = ([state, rows]: [string, unknown[] | undefined]) => [state, rows?.length];

const notices = async () =>
  (
    await db.query(
      "select subject, delivery.state from pipeline.notice join pipeline.delivery on notice_id = notice.id order by notice.id",
    )
  ).rows;

const unreachable = async () => {
  throw new ModuleError("Unreachable", "The module could not be reached", { retryable: true });
};
const up = async () => {};

const warned = jest.spyOn(logger, "warn").mockImplementation(() => undefined);
beforeEach(async () => {
  warned.mockClear();
  await db.query("delete from pipeline.notice");
});
const warnings = () => warned.mock.calls.map(([, fields]) => fields);

/** A source that cannot be reached: five of its calls fail, the seven that are in flight by then go on, twelve wait. */
async function goDown(): Promise<number> {
  await companies(24);
  mining.module.behaviour.mine = unreachable;
  const id = await startTask();
  await runAll();
  return id;
}

const release = (taskId: number) =>
  mining.queue.enqueue("mineSource", [releaseTask({ taskId, attempt: 1 }, mining.now)]);

describe("a source that is down", () => {
  test("is not called any more; people and operators are told, its calls wait", async () => {
    await goDown();
    expect(await counted()).toEqual({ FAILED: 12, WAITING: 12 });
    expect(mining.module.calls).toHaveLength(12 * 4);
    expect(await health()).toMatchObject({
      health: "DOWN",
      breaker: {
        state: "OPEN",
        downSince: START,
        nextProbeAt: new Date("2024-05-15T12:05:00Z"),
        consecutiveFailures: 12,
      },
      lastError: { type: "Unreachable", text: "The module could not be reached", at: START },
      calls: { today: 48, perDay: null },
    });
    const { rows } = await db.query("select modified_at from data_source");
    expect(rows).toEqual([{ modified_at: START }]);
    expect(warnings()).toEqual([expect.objectContaining({ event: "source_down", source: mining.source })]);
    expect(await task()).toMatchObject({ status: "PROCESSING" });
    expect(await notices()).toEqual([{ subject: "Data source github is down", state: "PENDING" }]);
  });

  test("a paused one gets no calls, and its task waits", async () => {
    await companies(3);
    await startTask();
    const pause = { sourceIds: [mining.source], by: "operator", reason: "moves" };
    await pauseSources(db, pause, START);
    await runAll();
    minutes(600);
    await expect(tick(outside(), mining.now)).resolves.toMatchObject({ reclaimed: 0, failed: 0 });
    expect(mining.module.calls).toEqual([]);
    const resumed = await resumeSource(db, { sourceId: mining.source, by: "operator" }, mining.now);
    await mining.queue.enqueue("mineSource", resumed);
    await runAll();
    expect(await task()).toMatchObject({ status: "SUCCESS", attempts: 1, summary: { succeeded: 3 } });
  });

  test("half of the calls failing is enough", async () => {
    await companies(30);
    let count = 0;
    mining.module.behaviour.mine = async () => {
      count += 1;
      if (count % 2 === 0) throw new ModuleError("HttpStatus401", "no", { retryable: false });
    };
    await startTask();
    await runAll();
    // Seven more were in flight when the 20th had ended.
    expect(await counted()).toEqual({ SUCCEEDED: 14, FAILED: 13, WAITING: 3 });
    expect(await health()).toMatchObject({ health: "DOWN", breaker: { state: "OPEN" } });
  });

  test("is still down for whoever ends the same calls again", async () => {
    const taskId = await goDown();
    const results = (await calls())
      .filter(({ state }) => state === "FAILED")
      .map(({ companyId }) => ({ companyId, state: "SUCCEEDED" as const }));
    await finishCalls(db, { taskId, results, now: mining.now });
    expect(await health()).toMatchObject({ breaker: { state: "OPEN", consecutiveFailures: 12 } });
  });
});

describe("failures that only the company is to blame for", () => {
  test("none is discovered, refused content, or reported by the module: the source stays up", async () => {
    const ids = await companies(24);
    for (let count = 0; count < 6; count += 1) await insertCompany(db, `Unknown ${count}`);
    const taskId = await startTask();
    mining.module.behaviour.mine = async ({ company }) => {
      const index = ids.indexOf(company?.id ?? 0);
      if (index % 3 === 0)
        throw new ModuleError("HttpStatus422", "no", { retryable: false, blames: "company" });
      const failure = { state: "FAILED", errorType: "CrawlingError", errorText: "no such page" } as const;
      const results = [{ companyId: company?.id ?? null, ...failure }];
      await finishCalls(db, { taskId, attempt: 1, results, now: mining.now });
    };
    await runAll();
    expect(await counted()).toEqual({ FAILED: 30 });
    expect(await health()).toMatchObject({
      health: "UP",
      breaker: { state: "CLOSED", consecutiveFailures: 0 },
    });
  });
});

describe("companies that a module does not know", () => {
  const NO_RESULT = () =>
    new ModuleError("HttpStatus500", "Internal Server Error", { retryable: true, isCertain: false });
  const broken = async () => {
    throw NO_RESULT();
  };

  test("an empty search that answers 500 is no failure of the source or the run, and is not repeated for a month", async () => {
    for (let count = 0; count < 32; count += 1) await insertCompany(db, `Unknown ${count}`);
    mining.module.behaviour.discover = broken;
    await startTask();
    await runAll();
    expect(mining.module.discoveries).toHaveLength(32);
    expect(await counted()).toEqual({ FAILED: 32 });
    expect((await calls())[0]).toMatchObject({
      errorType: "NoIdentifiers",
      errorText:
        "Unknown 0 has no valid identifier at github, and none was discovered (Internal Server Error)",
    });
    expect(await health()).toMatchObject({ health: "UP", breaker: { consecutiveFailures: 0 } });
    expect(await task()).toMatchObject({ status: "SUCCESS", summary: { failed: 32 } });
    expect(await notices()).toEqual([]);

    const runAs = async (type: "REGULAR" | "ON_DEMAND") => {
      await startTask();
      await db.query("update scheduled_task set schedule_type = $1 where status = 'PROCESSING'", [type]);
      await runAll();
    };
    minutes(29 * 24 * 60);
    await runAs("REGULAR");
    expect(mining.module.discoveries).toHaveLength(32);
    expect((await calls()).at(-1)?.errorText).toContain("none was discovered on 2024-05-15");

    await db.query("update company set name = 'Renamed' where name = 'Unknown 7'");
    await runAs("REGULAR");
    expect(mining.module.discoveries.slice(32)).toMatchObject([{ name: "Renamed" }]);

    await runAs("ON_DEMAND");
    expect(mining.module.discoveries).toHaveLength(33 + 32);
  });

  test("their failures do not take a source down while those that worked before work", async () => {
    const known = new Set(await companies(3));
    await startTask();
    await runAll();
    await companies(12);
    mining.module.behaviour.mine = async ({ company }) => {
      if (!known.has(company?.id ?? 0)) throw NO_RESULT();
    };
    await startTask();
    await runAll();
    expect(await health()).toMatchObject({ health: "UP" });
    expect(await task()).toMatchObject({ status: "SUCCESS", summary: { succeeded: 3, failed: 12 } });
  });

  test("an outage is found once one that worked before fails in the same way, and it is probed first", async () => {
    await companies(3);
    await startTask();
    await runAll();
    await companies(30);
    mining.module.behaviour.mine = broken;
    await startTask();
    await runAll();
    // New companies come first: all of them are only suspects.
    expect(await health()).toMatchObject({ health: "DOWN" });

    mining.module.behaviour.mine = up;
    await companies(5);
    await startTask();
    minutes(5);
    await tick(outside(), mining.now);
    await runPage();
    const probe = mining.queue.waiting("mineCompany");
    expect(probe).toHaveLength(1);
    const { rows } = await db.query(
      "select worked_at is not null as worked from pipeline.company_turn where company_id = $1",
      [Object(probe[0]?.payload).companyId],
    );
    expect(rows).toEqual([{ worked: true }]);
  });
});

describe("the probe", () => {
  test("is one call, when the pause is over, however many look; its success releases the rest", async () => {
    const taskId = await goDown();
    minutes(4);
    await release(taskId);
    await runPage();
    expect(mining.queue.waiting("mineCompany")).toEqual([]);

    minutes(1);
    await tick(outside(), mining.now);
    const page = mining.queue.waiting("mineSource");
    expect(page).toMatchObject([{ payload: { taskId, attempt: 1, after: null } }]);
    await runPage();
    await Promise.all(
      [1, 2, 3].map(async () => {
        minutes(1);
        await release(taskId);
        await runPage();
      }),
    );
    expect(mining.queue.waiting("mineCompany")).toHaveLength(1);
    expect(await health()).toMatchObject({ health: "DOWN", breaker: { state: "PROBING" } });

    mining.module.behaviour.mine = up;
    await runToEnd(mining.queue.take("mineCompany")?.payload ?? {});
    expect(await health()).toMatchObject({ health: "UP", breaker: { state: "CLOSED", downSince: null } });
    expect((await notices()).at(-1)).toMatchObject({ subject: "Data source github is up again" });
    expect(mining.queue.waiting("mineCompany")).toHaveLength(8);
    await runAll();
    expect(await task()).toMatchObject({ status: "SUCCESS", summary: { succeeded: 12, failed: 12 } });
  });

  test("two processes at once let one through", async () => {
    const taskId = await goDown();
    minutes(5);
    for (const minute of [0, 1, 2, 3]) {
      const at = new Date(mining.now.getTime() + minute * 60_000);
      await mining.queue.enqueue("mineSource", [releaseTask({ taskId, attempt: 1 }, at)]);
    }
    await Promise.all([runPage(), runPage(), runPage(), runPage()]);
    expect(mining.queue.waiting("mineCompany")).toHaveLength(1);
  });

  test("that fails is one try, and doubles the pause", async () => {
    const taskId = await goDown();
    const before = mining.module.calls.length;
    minutes(5);
    await release(taskId);
    await runAll();
    expect(mining.module.calls).toHaveLength(before + 1);
    expect(await counted()).toEqual({ FAILED: 13, WAITING: 11 });
    expect(await health()).toMatchObject({
      health: "DOWN",
      breaker: { state: "OPEN", downSince: START, nextProbeAt: new Date("2024-05-15T12:15:00Z") },
    });
    expect(warnings()).toHaveLength(1);
  });

  test("whose company alone is to blame is followed by the next", async () => {
    const taskId = await goDown();
    minutes(5);
    let failures = 2;
    mining.module.behaviour.mine = async () => {
      failures -= 1;
      if (failures >= 0) throw new ModuleError("NotFound", "no", { retryable: false, blames: "company" });
    };
    await release(taskId);
    await runAll();
    expect(await task()).toMatchObject({ status: "SUCCESS", summary: { succeeded: 10, failed: 14 } });
    expect(await health()).toMatchObject({ health: "UP" });
  });

  test("that got lost is replaced: its call waits again, or was deleted", async () => {
    const taskId = await goDown();
    minutes(5);
    await release(taskId);
    await runPage();
    const probe = mining.queue.take("mineCompany")?.payload;
    await db.query("delete from company where id = $1", [Object(probe).companyId]);
    minutes(1);
    await tick(outside(), mining.now);
    await runPage();
    expect(mining.queue.waiting("mineCompany")).toHaveLength(1);
  });

  test.each([
    ["succeeds", up, { SUCCEEDED: 1, ENQUEUED: 8, FAILED: 12, WAITING: 3 }, "UP", null],
    ["fails", unreachable, { FAILED: 13, WAITING: 11 }, "DOWN", new Date("2024-05-15T12:15:00Z")],
  ])("that %s moves the breaker once, wherever its process dies", async (_how, mine, states, is, next) => {
    const taskId = await goDown();
    minutes(5);
    await release(taskId);
    await runPage();
    mining.module.behaviour.mine = mine;
    const probe = mining.queue.take("mineCompany")?.payload ?? {};
    const deaths = await dyingAtEveryStep(outside(), async (dying) => {
      // So many deaths would use its tries up.
      await db.query("update pipeline.mining_call set attempt = 0 where state = 'RUNNING'");
      await runCall(probe, dying, true);
    });
    expect(deaths).toBeGreaterThan(6);
    expect(await counted()).toEqual(states);
    expect(await health()).toMatchObject({ health: is, breaker: { nextProbeAt: next } });
    expect(mining.queue.waiting("mineCompany")).toHaveLength(is === "UP" ? 8 : 0);
  });
});

describe("a task whose source is down", () => {
  test("is not overdue, and keeps its attempts, for a day", async () => {
    await goDown();
    minutes(3 * 60);
    await expect(tick(outside(), mining.now)).resolves.toMatchObject({ reclaimed: 0, failed: 0, probed: 1 });
    expect(await task()).toMatchObject({ status: "PROCESSING", attempts: 1 });

    minutes(21 * 60);
    await expect(tick(outside(), mining.now)).resolves.toMatchObject({ reclaimed: 0, failed: 0 });
    minutes(1);
    await expect(tick(outside(), mining.now)).resolves.toMatchObject({ reclaimed: 0, failed: 1 });
    expect(await task()).toMatchObject({
      status: "FAILED",
      endedAt: mining.now,
      summary: {
        reason: "The source has been down for 24 h: The module could not be reached",
        succeeded: 0,
        failed: 24,
      },
    });
    expect((await calls()).at(-1)).toMatchObject({ state: "FAILED", errorType: "SourceDown" });
  });

  test("is overdue as any other where no call waits for the source, or once it is up", async () => {
    const taskId = await goDown();
    await db.query("update pipeline.mining_call set state = 'ENQUEUED' where state = 'WAITING'");
    minutes(6);
    await expect(tick(outside(), mining.now)).resolves.toMatchObject({ reclaimed: 1, started: 1 });
    await runPage();
    mining.module.behaviour.mine = up;
    await mining.queue.enqueue("mineSource", [releaseTask({ taskId, attempt: 2 }, mining.now)]);
    await runAll();
    expect(await task()).toMatchObject({ status: "SUCCESS", attempts: 2, summary: { succeeded: 12 } });
  });

  test("the next task probes by itself as soon as it may", async () => {
    await companies(6);
    mining.module.behaviour.mine = unreachable;
    await startTask();
    await runAll();
    expect(await task()).toMatchObject({ status: "FAILED" });
    minutes(60);
    mining.module.behaviour.mine = up;
    await startTask();
    await runAll();
    expect(await task()).toMatchObject({ status: "SUCCESS", summary: { succeeded: 6 } });
    expect(await health()).toMatchObject({ health: "UP" });
  });
});
