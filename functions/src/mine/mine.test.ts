import { beforeEach, describe, expect, test } from "@jest/globals";
import { openTestDatabase } from "../../test/openTestDatabase.ts";
import { recordedQueue } from "../../test/recordedQueue.ts";
import { insertCompany, insertIdentifier, insertSource, insertTask } from "../../test/rows.ts";
import { finishCalls } from "../miningCall/finishCalls.ts";
import { mineSourcePayload } from "../miningCall/mineSourceTask.ts";
import { mineCompanyPayload } from "../miningCall/miningCall.ts";
import type { Discovery, MiningModule, MiningRequest, ModuleCompany } from "../miningModule/miningModule.ts";
import { ModuleError } from "../miningModule/moduleError.ts";
import type { TransactionalDatabase } from "../platform/postgres.ts";
import type { EnqueueTasks } from "../platform/taskQueue.ts";
import { tick } from "../schedule/tick.ts";
import { CallWillBeRetried, mineCompany, TRIES_PER_CALL } from "./mineCompany.ts";
import { mineSource } from "./mineSource.ts";

const db = openTestDatabase();
const NOW = new Date("2024-05-15T12:00:00Z");

let queue = recordedQueue();
let recorded = recordedModule();
let source = 0;

beforeEach(async () => {
  await db.query("truncate data_source, company cascade");
  queue = recordedQueue();
  recorded = recordedModule();
  source = await insertSource(db, { name: "github", isActive: false });
});

/** A module that remembers its calls; what it does is set by the test. */
function recordedModule() {
  const calls: MiningRequest[] = [];
  const discoveries: ModuleCompany[] = [];
  const behaviour = {
    mine: async (_request: MiningRequest): Promise<void> => {},
    discover: async (_company: ModuleCompany): Promise<Discovery> => ({ identifiers: {}, validity: NOW }),
  };
  const mining: MiningModule = {
    describe: async () => {
      throw new Error("Mining does not ask a module to describe itself");
    },
    discover: (company) => {
      discoveries.push(company);
      return behaviour.discover(company);
    },
    mine: (request) => {
      calls.push(request);
      return behaviour.mine(request);
    },
  };
  return { calls, discoveries, behaviour, mining };
}

interface Outside {
  readonly db: TransactionalDatabase;
  readonly enqueue: EnqueueTasks;
}

async function runPage(
  outside: Outside = { db, enqueue: queue.enqueue },
  companiesAPage = 1000,
): Promise<boolean> {
  const task = queue.take("mineSource");
  if (task === undefined) return false;
  await mineSource({ ...outside, now: NOW, companiesAPage }, mineSourcePayload.parse(task.payload));
  return true;
}

async function runCall(payload: object, outside: Outside = { db, enqueue: queue.enqueue }): Promise<void> {
  await mineCompany(
    { ...outside, moduleFor: () => recorded.mining, clock: () => NOW },
    mineCompanyPayload.parse(payload),
  );
}

/** Runs everything that is enqueued, until nothing is. */
async function runAll(): Promise<void> {
  for (;;) {
    if (await runPage()) continue;
    const task = queue.take("mineCompany");
    if (task === undefined) return;
    await runCall(task.payload);
  }
}

async function companies(count: number): Promise<number[]> {
  const ids: number[] = [];
  for (let number = 1; number <= count; number += 1) {
    const id = await insertCompany(db, `Company ${number}`);
    await insertIdentifier(db, source, id, { property: "handles", value: `company-${number}` });
    ids.push(id);
  }
  return ids;
}

async function startTask(): Promise<number> {
  const id = await insertTask(db, source, { scheduledAt: NOW });
  await tick({ db, enqueue: queue.enqueue }, NOW);
  return id;
}

async function task(): Promise<{
  status: string;
  ended_at: Date | null;
  summary: unknown;
  attempts: number;
}> {
  const { rows } = await db.query("select status, ended_at, result_summary, attempts from scheduled_task");
  const row = JSON.parse(JSON.stringify(rows[0]));
  return { ...row, summary: JSON.parse(row.result_summary ?? "null") };
}

async function calls(): Promise<unknown[]> {
  const { rows } = await db.query(
    "select company_id, state, attempt, error_type, error_text from pipeline.mining_call order by id",
  );
  return rows;
}

describe("fanning out", () => {
  test("one call for each linked company; the task ends when all have", async () => {
    const ids = await companies(20);
    const id = await startTask();
    await runAll();
    expect(recorded.calls.map((call) => call.company?.id)).toEqual(ids);
    expect(recorded.calls[0]).toMatchObject({
      taskId: id,
      attempt: 1,
      company: { name: "Company 1" },
      identifiers: { handles: ["company-1"] },
    });
    expect(await task()).toMatchObject({
      status: "SUCCESS",
      ended_at: NOW.toISOString(),
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
    source = await insertSource(db, { name: "affinity", isActive: false });
    await companies(3);
    await startTask();
    await runAll();
    expect(recorded.calls).toMatchObject([{ company: undefined, identifiers: {} }]);
    expect(await task()).toMatchObject({ status: "SUCCESS", summary: { companies: 1 } });
  });

  test("an earlier attempt's tasks do nothing", async () => {
    await companies(2);
    await startTask();
    const page = queue.take("mineSource")?.payload ?? {};
    await db.query("update scheduled_task set attempts = 2");
    await mineSource({ db, enqueue: queue.enqueue, now: NOW }, mineSourcePayload.parse(page));
    expect(await calls()).toEqual([]);
    expect(queue.waiting("mineCompany")).toEqual([]);
  });
});

describe("places in flight", () => {
  test("a source has at most eight calls in flight; one that ends gives its place to the next", async () => {
    await companies(20);
    await startTask();
    await runPage();
    expect(queue.waiting("mineCompany")).toHaveLength(8);
    await runCall(queue.take("mineCompany")?.payload ?? {});
    expect(queue.waiting("mineCompany")).toHaveLength(8);
  });

  test("the source's additional_params may say how many", async () => {
    await db.query(`update data_source set additional_params = '{"calls_in_flight": 3}'`);
    await companies(10);
    await startTask();
    await runPage();
    expect(queue.waiting("mineCompany")).toHaveLength(3);
    await Promise.all([1, 2, 3].map(() => runCall(queue.take("mineCompany")?.payload ?? {})));
    expect(queue.waiting("mineCompany")).toHaveLength(3);
  });
});

describe("identifiers", () => {
  const inAYear = new Date("2025-05-15T12:00:00Z");
  const lastYear = new Date("2023-05-15T12:00:00Z");

  test("expired ones are discovered anew, once; what people added stays", async () => {
    const company = await insertCompany(db, "Acme");
    const row = { property: "handles", validity: lastYear };
    await insertIdentifier(db, source, company, { ...row, value: "old", type: "AUTOMATICALLY_DISCOVERED" });
    await insertIdentifier(db, source, company, { ...row, value: "by-hand" });
    recorded.behaviour.discover = async () => ({ identifiers: { handles: ["a", "b"] }, validity: inAYear });

    for (let run = 0; run < 2; run += 1) {
      await startTask();
      await runAll();
    }
    expect(recorded.discoveries).toEqual([{ id: company, name: "Acme" }]);
    expect(recorded.calls.map((call) => call.identifiers)).toEqual([
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
    expect(recorded.discoveries).toHaveLength(1);
    expect(recorded.calls.map((call) => call.company?.id)).toEqual([known]);
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

  test("an address of another site never reaches the module", async () => {
    source = await insertSource(db, { name: "linkedin", isActive: false });
    const company = await insertCompany(db, "Acme");
    await insertIdentifier(db, source, company, { property: "urls", value: "https://acme.com/about" });
    await insertIdentifier(db, source, company, {
      property: "urls",
      value: "https://www.linkedin.com/company/acme",
    });
    await startTask();
    await runAll();
    expect(recorded.calls).toMatchObject([
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
    const payload = queue.take("mineCompany")?.payload ?? {};
    let failures = 2;
    recorded.behaviour.mine = async () => {
      failures -= 1;
      if (failures >= 0) throw unavailable();
    };
    await expect(runCall(payload)).rejects.toThrow(CallWillBeRetried);
    expect(await calls()).toMatchObject([{ state: "ENQUEUED", attempt: 1, error_type: "HttpStatus503" }]);
    await expect(runCall(payload)).rejects.toThrow(CallWillBeRetried);
    await runCall(payload);
    expect(await calls()).toMatchObject([{ state: "SUCCEEDED", attempt: 3, error_type: null }]);
    expect(await task()).toMatchObject({ status: "SUCCESS" });
  });

  test("but not for ever", async () => {
    await companies(1);
    await startTask();
    await runPage();
    const payload = queue.take("mineCompany")?.payload ?? {};
    recorded.behaviour.mine = async () => {
      throw unavailable();
    };
    for (let tries = 1; tries < TRIES_PER_CALL; tries += 1) {
      await expect(runCall(payload)).rejects.toThrow(CallWillBeRetried);
    }
    await runCall(payload);
    expect(await calls()).toMatchObject([{ state: "FAILED", attempt: TRIES_PER_CALL }]);
    expect(await task()).toMatchObject({ status: "FAILED", ended_at: NOW.toISOString() });
  });

  test("everything else is final at once; a task whose companies all failed has failed", async () => {
    const [first] = await companies(2);
    recorded.behaviour.mine = async () => {
      throw gone();
    };
    await startTask();
    await runAll();
    expect(recorded.calls).toHaveLength(2);
    expect(await task()).toMatchObject({
      status: "FAILED",
      summary: { failed: 2, errors: { [first ?? 0]: { error_type: "HttpStatus404" } } },
    });
  });

  test("what the module reported while it ran stands", async () => {
    const [company = 0] = await companies(1);
    const id = await startTask();
    recorded.behaviour.mine = async () => {
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
    expect(await calls()).toMatchObject([{ state: "FAILED", error_type: "CrawlingError" }]);
    expect(await task()).toMatchObject({ status: "FAILED" });
  });

  test("an error that is not the module's leaves the call to the queue", async () => {
    await companies(1);
    await startTask();
    await runPage();
    const payload = queue.take("mineCompany")?.payload ?? {};
    recorded.behaviour.mine = async () => {
      throw new Error("the database is away");
    };
    await expect(runCall(payload)).rejects.toThrow("the database is away");
    recorded.behaviour.mine = async () => {};
    await runCall(payload);
    expect(await calls()).toMatchObject([{ state: "SUCCEEDED", attempt: 2 }]);
  });
});

describe("everything twice, and at once", () => {
  test("the state is the same as after once", async () => {
    await companies(12);
    await startTask();
    const page = queue.take("mineSource")?.payload ?? {};
    const pageTwice = () =>
      mineSource({ db, enqueue: queue.enqueue, now: NOW }, mineSourcePayload.parse(page));
    await Promise.all([pageTwice(), pageTwice()]);
    await pageTwice();
    for (;;) {
      const payload = queue.take("mineCompany")?.payload;
      if (payload === undefined) break;
      await Promise.all([runCall(payload), runCall(payload)]);
      await runCall(payload);
    }
    expect(await calls()).toHaveLength(12);
    expect(await task()).toMatchObject({ status: "SUCCESS", summary: { companies: 12, succeeded: 12 } });
  });
});

describe("a crash between any two steps", () => {
  class Crash extends Error {}

  /** An outside that works for `steps` steps, then fails at every one, as for a process that has died. */
  function dyingOutside(steps: number): { outside: Outside; died: () => boolean } {
    let left = steps;
    const step = () => {
      left -= 1;
      if (left < 0) throw new Crash();
    };
    const query: TransactionalDatabase["query"] = async (text, values) => {
      step();
      return db.query(text, values);
    };
    return {
      died: () => left < 0,
      outside: {
        db: {
          query,
          transaction: (work) =>
            db.transaction((connection) =>
              work({
                query: async (text, values) => {
                  step();
                  return connection.query(text, values);
                },
              }),
            ),
        },
        // It may die before a task is durable, or right after.
        enqueue: async (name, tasks) => {
          for (const task of tasks) {
            step();
            await queue.enqueue(name, [task]);
            step();
          }
        },
      },
    };
  }

  /** Runs `attempt` dying at step 0, 1, 2 … until it survives. Each death is followed by another delivery. */
  async function dyingAtEveryStep(attempt: (outside: Outside) => Promise<void>): Promise<number> {
    for (let steps = 0; ; steps += 1) {
      const { outside, died } = dyingOutside(steps);
      try {
        await attempt(outside);
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
      }
      if (!died()) return steps;
    }
  }

  test("mineSource: another delivery completes it", async () => {
    await companies(11);
    await startTask();
    for (;;) {
      const page = queue.take("mineSource")?.payload;
      if (page === undefined) break;
      const deaths = await dyingAtEveryStep((outside) =>
        mineSource({ ...outside, now: NOW, companiesAPage: 4 }, mineSourcePayload.parse(page)),
      );
      expect(deaths).toBeGreaterThan(4);
    }
    await runAll();
    expect(await calls()).toHaveLength(11);
    expect(await task()).toMatchObject({ status: "SUCCESS", summary: { companies: 11, succeeded: 11 } });
  });

  test("mineCompany: another delivery completes it, and no call that waits is forgotten", async () => {
    await db.query(`update data_source set additional_params = '{"calls_in_flight": 2}'`);
    await companies(7);
    await startTask();
    await runPage();
    for (;;) {
      const payload = queue.take("mineCompany")?.payload;
      if (payload === undefined) break;
      expect(await dyingAtEveryStep((outside) => runCall(payload, outside))).toBeGreaterThan(4);
    }
    expect(await calls()).toMatchObject(Array.from({ length: 7 }, () => ({ state: "SUCCEEDED" })));
    expect(await task()).toMatchObject({ status: "SUCCESS", summary: { companies: 7, succeeded: 7 } });
  });
});
