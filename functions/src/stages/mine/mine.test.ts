import { beforeEach, describe, expect, test } from "@jest/globals";
import { openMining } from "../../../test/mining.ts";
import { insertCompany, insertIdentifier, insertSource } from "../../../test/rows.ts";
import { finishCalls } from "../../domain/miningCall/finishCalls.ts";
import { mineSourcePayload } from "../../domain/miningCall/miningCall.ts";
import { ModuleError } from "../../domain/miningModule/moduleError.ts";
import { stateModels } from "../../domain/state/stateModels.ts";
import { tick } from "../schedule/tick.ts";
import { CallWillBeRetried } from "./mineCompany.ts";
import { mineSource } from "./mineSource.ts";

const NOW = new Date("2024-05-15T12:00:00Z");
const mining = openMining(NOW);
const { db, runPage, runCall, runToEnd, runAll, companies, startTask, task, calls } = mining;

const { attempts } = stateModels.miningCall;

describe("fanning out", () => {
  test("one call for each linked company; the task ends when all have", async () => {
    const ids = await companies(20);
    const id = await startTask();
    await runAll();
    expect(mining.module.calls.map((call) => call.company?.id)).toEqual(ids);
    expect(mining.module.calls[0]).toMatchObject({
      taskId: id,
      attempt: 1,
      company: { name: "Company 1" },
      identifiers: { handles: ["company-1"] },
    });
    expect(await task()).toMatchObject({
      status: "SUCCESS",
      endedAt: NOW,
      summary: { companies: 20, succeeded: 20, failed: 0, warnings: 0, errors: {} },
    });
  });

  test("goes on page by page", async () => {
    await companies(5);
    await startTask();
    for (const expected of [2, 4, 5]) {
      await runPage(undefined, 2);
      expect(await calls()).toHaveLength(expected);
    }
    expect(await runPage(undefined, 2)).toBe(false);
  });

  test("a source without companies ends at once", async () => {
    await startTask();
    await runAll();
    expect(await task()).toMatchObject({ status: "SUCCESS", summary: { companies: 0 } });
  });

  test("a source that names its companies itself gets one call without any", async () => {
    mining.source = await insertSource(db, { name: "affinity", isActive: false });
    await companies(3);
    await startTask();
    await runAll();
    expect(mining.module.calls).toMatchObject([{ company: undefined, identifiers: {} }]);
    expect(await task()).toMatchObject({ status: "SUCCESS", summary: { companies: 1 } });
  });

  test("an earlier attempt's tasks do nothing", async () => {
    await companies(2);
    await startTask();
    const page = mining.queue.take("mineSource")?.payload ?? {};
    await db.query("update scheduled_task set attempts = 2");
    await mineSource({ db, enqueue: mining.queue.enqueue, now: NOW }, mineSourcePayload.parse(page));
    expect(await calls()).toEqual([]);
    expect(mining.queue.waiting("mineCompany")).toEqual([]);
  });
});

describe("places in flight", () => {
  test("a source has at most eight calls in flight; one that ends gives its place to the next", async () => {
    await companies(20);
    await startTask();
    await runPage();
    expect(mining.queue.waiting("mineCompany")).toHaveLength(8);
    await runCall(mining.queue.take("mineCompany")?.payload ?? {});
    expect(mining.queue.waiting("mineCompany")).toHaveLength(8);
  });

  test("the source's additional_params may say how many", async () => {
    await db.query(`update data_source set additional_params = '{"calls_in_flight": 3}'`);
    await companies(10);
    await startTask();
    await runPage();
    expect(mining.queue.waiting("mineCompany")).toHaveLength(3);
    await Promise.all([1, 2, 3].map(() => runCall(mining.queue.take("mineCompany")?.payload ?? {})));
    expect(mining.queue.waiting("mineCompany")).toHaveLength(3);
  });
});

describe("identifiers", () => {
  const inAYear = new Date("2025-05-15T12:00:00Z");
  const lastYear = new Date("2023-05-15T12:00:00Z");

  test("expired ones are discovered anew, once; what people added stays", async () => {
    const company = await insertCompany(db, "Acme");
    const row = { property: "handles", validity: lastYear };
    await insertIdentifier(db, mining.source, company, {
      ...row,
      value: "old",
      type: "AUTOMATICALLY_DISCOVERED",
    });
    await insertIdentifier(db, mining.source, company, { ...row, value: "by-hand" });
    mining.module.behaviour.discover = async () => ({
      identifiers: { handles: ["a", "b"] },
      validity: inAYear,
    });

    for (let run = 0; run < 2; run += 1) {
      await startTask();
      await runAll();
    }
    expect(mining.module.discoveries).toEqual([{ id: company, name: "Acme", domains: [] }]);
    expect(mining.module.calls.map((call) => call.identifiers)).toEqual([
      { handles: ["a", "b"] },
      { handles: ["a", "b"] },
    ]);
    const { rows } = await db.query(
      "select value, identifier_type from company_data_source_identifier order by id",
    );
    expect(rows).toEqual([
      { value: "by-hand", identifier_type: "MANUALLY_ADDED" },
      { value: "a", identifier_type: "AUTOMATICALLY_DISCOVERED" },
      { value: "b", identifier_type: "AUTOMATICALLY_DISCOVERED" },
    ]);
  });

  test("a company that nothing is discovered for fails alone, and says so", async () => {
    const [known] = await companies(1);
    const unknown = await insertCompany(db, "Unknown Ltd");
    await startTask();
    await runAll();
    expect(mining.module.discoveries).toHaveLength(1);
    expect(mining.module.calls.map((call) => call.company?.id)).toEqual([known]);
    expect(await task()).toMatchObject({
      status: "SUCCESS",
      summary: {
        companies: 2,
        failed: 1,
        errors: {
          [unknown]: {
            error_type: "NoIdentifiers",
            error_description: "Unknown Ltd has no valid identifier at github, and none was discovered",
          },
        },
      },
    });
  });

  test("expired ones are discovered anew beside one that a person added", async () => {
    const company = await insertCompany(db, "Acme");
    await insertIdentifier(db, mining.source, company, {
      property: "handles",
      value: "old",
      type: "AUTOMATICALLY_DISCOVERED",
      validity: lastYear,
    });
    await insertIdentifier(db, mining.source, company, { property: "handles", value: "by-hand" });
    mining.module.behaviour.discover = async () => ({ identifiers: { handles: ["new"] }, validity: inAYear });
    await startTask();
    await runAll();
    expect(mining.module.calls).toMatchObject([{ identifiers: { handles: ["by-hand", "new"] } }]);
  });

  test("what a person added is read leniently; refused, it is never replaced by what a search finds", async () => {
    mining.source = await insertSource(db, { name: "linkedin", isActive: false });
    const urls = ["www.linkedin.com/company/acme", "https://example.com/acme"];
    for (const value of urls) {
      const company = await insertCompany(db, `At ${value}`);
      await insertIdentifier(db, mining.source, company, { property: "urls", value });
    }
    await startTask();
    await runAll();
    expect(mining.module.discoveries).toEqual([]);
    expect(mining.module.calls).toMatchObject([
      { identifiers: { urls: ["https://www.linkedin.com/company/acme"] } },
    ]);
    expect((await calls()).at(-1)?.errorText).toContain(
      'nothing was searched for instead (urls "https://example.com/acme" was refused: it is not an address at linkedin.com)',
    );
  });

  test("one that is only proposed is said in the task's summary", async () => {
    const company = await insertCompany(db, "Acme");
    const proposals = ['proposed: handles "acme", if a person confirms it; its website is acme.dev'];
    mining.module.behaviour.discover = async () => ({ identifiers: {}, validity: inAYear, proposals });
    await startTask();
    await runAll();
    expect(await task()).toMatchObject({
      summary: { errors: { [company]: { error_description: expect.stringContaining(proposals[0] ?? "") } } },
    });
  });

  test("an address of another site never reaches the module", async () => {
    mining.source = await insertSource(db, { name: "linkedin", isActive: false });
    const company = await insertCompany(db, "Acme");
    await insertIdentifier(db, mining.source, company, { property: "urls", value: "https://acme.com/about" });
    await insertIdentifier(db, mining.source, company, {
      property: "urls",
      value: "https://www.linkedin.com/company/acme",
    });
    await startTask();
    await runAll();
    expect(mining.module.calls).toMatchObject([
      { identifiers: { urls: ["https://www.linkedin.com/company/acme"] } },
    ]);
  });
});

describe("failures", () => {
  const unavailable = () => new ModuleError("HttpStatus503", "The module answered 503", { retryable: true });
  const gone = () => new ModuleError("HttpStatus404", "The module answered 404", { retryable: false });

  test("what may pass is tried again", async () => {
    await companies(1);
    await startTask();
    await runPage();
    const payload = mining.queue.take("mineCompany")?.payload ?? {};
    let failures = 2;
    mining.module.behaviour.mine = async () => {
      failures -= 1;
      if (failures >= 0) throw unavailable();
    };
    await expect(runCall(payload)).rejects.toThrow(CallWillBeRetried);
    expect(await calls()).toMatchObject([{ state: "ENQUEUED", attempt: 1, errorType: "HttpStatus503" }]);
    await expect(runCall(payload)).rejects.toThrow(CallWillBeRetried);
    await runCall(payload);
    expect(await calls()).toMatchObject([{ state: "SUCCEEDED", attempt: 3, errorType: null }]);
    expect(await task()).toMatchObject({ status: "SUCCESS" });
  });

  test("but not for ever", async () => {
    await companies(1);
    await startTask();
    await runPage();
    const payload = mining.queue.take("mineCompany")?.payload ?? {};
    mining.module.behaviour.mine = async () => {
      throw unavailable();
    };
    for (let tries = 1; tries < attempts; tries += 1) {
      await expect(runCall(payload)).rejects.toThrow(CallWillBeRetried);
    }
    await runCall(payload);
    expect(await calls()).toMatchObject([{ state: "FAILED", attempt: attempts }]);
    expect(await task()).toMatchObject({ status: "FAILED", endedAt: NOW });
  });

  test("everything else is final at once; a task whose companies all failed has failed", async () => {
    const [first] = await companies(2);
    mining.module.behaviour.mine = async () => {
      throw gone();
    };
    await startTask();
    await runAll();
    expect(mining.module.calls).toHaveLength(2);
    expect(await task()).toMatchObject({
      status: "FAILED",
      summary: { failed: 2, errors: { [first ?? 0]: { error_type: "HttpStatus404" } } },
    });
  });

  test("what the module reported while it ran stands", async () => {
    const [company = 0] = await companies(1);
    const id = await startTask();
    mining.module.behaviour.mine = async () => {
      await finishCalls(db, {
        taskId: id,
        attempt: 1,
        results: [
          { companyId: company, state: "FAILED", errorType: "CrawlingError", errorText: "no such page" },
        ],
        now: NOW,
      });
    };
    await runAll();
    expect(await calls()).toMatchObject([{ state: "FAILED", errorType: "CrawlingError" }]);
    expect(await task()).toMatchObject({ status: "FAILED" });
  });

  test("an error that is not the module's is retried, and leaves its reason", async () => {
    await companies(1);
    await startTask();
    await runPage();
    const payload = mining.queue.take("mineCompany")?.payload ?? {};
    mining.module.behaviour.mine = async () => {
      throw new Error("the database is away");
    };
    await expect(runCall(payload)).rejects.toThrow("the database is away");
    expect(await calls()).toMatchObject([
      {
        state: "ENQUEUED",
        attempt: 1,
        errorType: "InternalError",
        errorText: "Error: the database is away",
      },
    ]);
    mining.module.behaviour.mine = async () => {};
    await runCall(payload);
    expect(await calls()).toMatchObject([{ state: "SUCCEEDED", attempt: 2, errorText: null }]);
  });

  test.each([new TypeError("x is undefined"), "a string"])(
    "nor for ever, whatever is thrown: %s",
    async (thrown) => {
      await companies(1);
      mining.module.behaviour.mine = async () => {
        throw thrown;
      };
      await startTask();
      await runAll();
      expect(mining.module.calls).toHaveLength(attempts);
      expect(await calls()).toMatchObject([
        { state: "FAILED", attempt: attempts, errorType: "InternalError", errorText: String(thrown) },
      ]);
    },
  );

  test("each attempt of the task has all tries of a call", async () => {
    await companies(1);
    mining.module.behaviour.mine = async () => {
      throw unavailable();
    };
    await startTask();
    await runPage();
    const payload = mining.queue.take("mineCompany")?.payload ?? {};
    for (let tries = 1; tries < attempts; tries += 1) {
      await expect(runCall(payload)).rejects.toThrow(CallWillBeRetried);
    }
    mining.module.calls.length = 0;
    mining.now = new Date(NOW.getTime() + 3_600_000);
    await tick({ db, enqueue: mining.queue.enqueue }, mining.now);
    await runAll();
    expect(mining.module.calls).toHaveLength(attempts);
    expect(await calls()).toMatchObject([{ state: "FAILED", attempt: attempts }]);
    expect(await task()).toMatchObject({ status: "FAILED", attempts: 2 });
  });
});

describe("a module that asks to be called later", () => {
  const later = (seconds: number) => () => {
    throw new ModuleError("HttpStatus429", "Slow down", { retryable: true, retryAfterSeconds: seconds });
  };
  const wait = (seconds: number) => {
    mining.now = new Date(mining.now.getTime() + seconds * 1000);
  };

  /** The next task of the one call. */
  const next = () => mining.queue.take("mineCompany")?.payload ?? {};

  beforeEach(async () => {
    await companies(1);
    await startTask();
    await runPage();
  });

  test("is called then, and no try is used up, however often it asks", async () => {
    mining.module.behaviour.mine = later(60);
    await runCall(next());
    for (let times = 1; times <= 2 * attempts; times += 1) {
      expect(mining.queue.waiting("mineCompany")).toMatchObject([{ scheduleDelaySeconds: 60 }]);
      const payload = next();
      // A queue that does not wait, as the emulator's.
      await expect(runCall(payload)).rejects.toThrow(CallWillBeRetried);
      expect(mining.module.calls).toHaveLength(times);
      wait(60);
      await runCall(payload);
    }
    expect(await calls()).toMatchObject([{ state: "ENQUEUED", attempt: 0, errorText: "Slow down" }]);
    mining.module.behaviour.mine = async () => undefined;
    wait(60);
    await runCall(next());
    expect(await task()).toMatchObject({ status: "SUCCESS", summary: { succeeded: 1 } });
  });

  test("for longer than a task may be silent: neither its call nor the task is lost", async () => {
    mining.module.behaviour.mine = later(3000);
    await runCall(next());
    wait(2900);
    expect(await tick({ db, enqueue: mining.queue.enqueue }, mining.now)).toMatchObject({ reclaimed: 0 });
    expect(await calls()).toMatchObject([{ state: "ENQUEUED" }]);
  });

  test("for a day: then it is a failure like any other", async () => {
    mining.module.behaviour.mine = later(60);
    await runCall(next());
    await db.query("update pipeline.mining_call set told_to_wait_at = $1", [
      new Date(NOW.getTime() - 25 * 3_600_000),
    ]);
    wait(60);
    await runToEnd(next());
    expect(await calls()).toMatchObject([{ state: "FAILED", errorType: "HttpStatus429", attempt: attempts }]);
  });
});

describe("a module that answers 200 and did nothing", () => {
  beforeEach(async () => {
    await companies(1);
    await startTask();
    mining.module.behaviour.mine = async () => "an HTML page";
  });
  const notices = async () => (await db.query("select subject from pipeline.notice")).rows;

  test("has failed, with that reason, and operators are told that the run brought nothing", async () => {
    await runAll();
    expect(await calls()).toMatchObject([
      {
        state: "FAILED",
        errorType: "NothingDone",
        errorText: "The module answered an HTML page, fed nothing and did not report that it is done",
      },
    ]);
    expect(await task()).toMatchObject({ status: "FAILED" });
    expect(await notices()).toEqual([{ subject: "Data source github delivered nothing" }]);
  });

  test("not if it fed something", async () => {
    mining.filed = 1;
    await runAll();
    expect(await calls()).toMatchObject([{ state: "SUCCEEDED" }]);
  });
});

describe("a source without a map", () => {
  test("shakes hands when it is due, and is not mined before that succeeds", async () => {
    await companies(1);
    mining.handshake = async () => {
      throw new ModuleError("HttpStatus404", "The module answered 404 to /initialize", { retryable: false });
    };
    await startTask();
    await runAll();
    expect(mining.module.calls).toEqual([]);
    expect(await task()).toMatchObject({ status: "FAILED" });
    expect(await calls()).toMatchObject([{ errorText: "The module answered 404 to /initialize" }]);

    mining.handshake = undefined;
    await startTask();
    await runAll();
    expect(mining.module.calls).toHaveLength(1);
  });

  test("one that has one shakes no hands", async () => {
    await companies(1);
    await db.query(
      "insert into source_measurement (type, measurement_name, source_module_id, modified_at) values ('int', 'stars', $1, $2)",
      [mining.source, NOW],
    );
    await startTask();
    await runAll();
    expect(mining.handshakes).toBe(0);
    expect(mining.module.calls).toHaveLength(1);
  });
});

describe("max_run_seconds", () => {
  // The emulator's dispatch deadlines and Cloud Tasks' are 15 to 1,800 s; the function itself ends at 1,800 s.
  test.each([
    [-5, 15],
    [0, 15],
    [1, 15],
    [124, 124],
    [125, 125],
    [1770, 1770],
    [1771, 1770],
    [1800, 1770],
    [100_000, 1770],
    [2_147_483_647, 1770],
  ])("%i: a call may run for %i s", async (maxRunSeconds, runSeconds) => {
    await companies(1);
    const id = await startTask();
    await db.query("update scheduled_task set max_run_seconds = $1", [maxRunSeconds]);
    await runPage();
    const [enqueued] = mining.queue.waiting("mineCompany");
    expect(enqueued?.dispatchDeadlineSeconds).toBe(runSeconds + 30);
    let failures = 1;
    mining.module.behaviour.mine = async () => {
      failures -= 1;
      if (failures >= 0)
        throw new ModuleError("HttpStatus503", "The module answered 503", { retryable: true });
    };
    await expect(runCall(enqueued?.payload ?? {})).rejects.toThrow(CallWillBeRetried);
    expect(mining.module.calls).toMatchObject([
      { taskId: id, tokenLifeSeconds: Math.max(runSeconds + 60, 1800) },
    ]);

    // The longest back-off of the queue is no silence, and neither is a call that takes all its time.
    mining.now = new Date(NOW.getTime() + Math.max(240, runSeconds) * 1000);
    expect(await tick({ db, enqueue: mining.queue.enqueue }, mining.now)).toMatchObject({ reclaimed: 0 });
    await runCall(enqueued?.payload ?? {});
    expect(await task()).toMatchObject({ status: "SUCCESS", attempts: 1 });
  });

  test.each([0, 100_000])("%i: a silent task is reclaimed all the same", async (maxRunSeconds) => {
    await companies(1);
    await startTask();
    await db.query("update scheduled_task set max_run_seconds = $1", [maxRunSeconds]);
    mining.now = new Date(NOW.getTime() + 1771 * 1000);
    expect(await tick({ db, enqueue: mining.queue.enqueue }, mining.now)).toMatchObject({ reclaimed: 1 });
  });
});
