import { describe, expect, test } from "@jest/globals";
import { openMining } from "../../../test/mining.ts";
import { ModuleError } from "../../domain/miningModule/moduleError.ts";
import { readSourceHealth } from "../operate/ops/sourceHealth.ts";
import { CallWillBeRetried } from "./mineCompany.ts";

const START = new Date("2024-05-15T12:00:00Z");
const mining = openMining(START);
const { db, companies, startTask, runAll, runPage, runCall, task, calls } = mining;

const callsPerDay = (quota: unknown) =>
  db.query("update data_source set additional_params = $1", [JSON.stringify({ calls_per_day: quota })]);
const called = () => mining.module.calls.map(({ company }) => company?.id);
const unavailable = () => new ModuleError("HttpStatus503", "The module answered 503", { retryable: true });

describe("a quota of calls a day", () => {
  test("is used, and not exceeded; the task says how many companies it left out", async () => {
    const ids = await companies(12);
    await callsPerDay(5);
    await startTask();
    while (await runPage(undefined, 5)) {
      // Who goes first is known after the last page.
      if (mining.queue.waiting("mineSource").length > 0) expect(called()).toEqual([]);
    }
    await runAll();
    expect(called()).toEqual(ids.slice(0, 5));
    expect(await task()).toMatchObject({
      status: "SUCCESS",
      summary: { companies: 12, succeeded: 5, failed: 0, skipped: 7, errors: {} },
    });
    expect((await calls()).at(-1)).toMatchObject({
      state: "SKIPPED",
      errorType: "QuotaUsedUp",
      errorText: "The source's calls of 2024-05-15 are used up",
    });
    const [source] = await readSourceHealth(db, mining.now);
    expect(source).toMatchObject({ health: "UP", calls: { today: 5, perDay: 5 } });
  });

  test("is one of the source's, over all tasks of the day; the next day has its own", async () => {
    await companies(4);
    await callsPerDay("6");
    for (const [time, skipped] of [
      ["2024-05-15T12:00:00Z", 0],
      ["2024-05-15T23:59:59Z", 2],
      ["2024-05-16T00:00:00Z", 0],
    ] as const) {
      mining.now = new Date(time);
      await startTask();
      await runAll();
      expect(await task()).toMatchObject({ status: "SUCCESS", summary: { skipped } });
    }
  });

  test("of none calls nobody", async () => {
    await companies(3);
    await callsPerDay(0);
    await startTask();
    await runAll();
    expect(called()).toEqual([]);
    expect(await task()).toMatchObject({ status: "SUCCESS", summary: { succeeded: 0, skipped: 3 } });
  });

  test("counts retries; one that would exceed it ends the call with its failure", async () => {
    await companies(3);
    await callsPerDay(3);
    await startTask();
    await runPage();
    mining.module.behaviour.mine = async () => {
      throw unavailable();
    };
    const [first, second] = [mining.queue.take("mineCompany"), mining.queue.take("mineCompany")];
    await expect(runCall(first?.payload ?? {})).rejects.toThrow(CallWillBeRetried);
    await expect(runCall(first?.payload ?? {})).rejects.toThrow(CallWillBeRetried);
    mining.module.behaviour.mine = async () => {};
    await runCall(second?.payload ?? {});
    await runCall(first?.payload ?? {});
    await runAll();
    expect(mining.module.calls).toHaveLength(3);
    expect(await calls()).toMatchObject([
      {
        state: "FAILED",
        errorType: "HttpStatus503",
        errorText:
          "The module answered 503 (not tried again: The source's 3 calls of 2024-05-15 are used up)",
      },
      { state: "SUCCEEDED" },
      { state: "SKIPPED" },
    ]);
    expect(await task()).toMatchObject({ status: "SUCCESS", summary: { failed: 1, skipped: 1 } });
  });

  test("holds when many processes begin calls at once", async () => {
    await companies(20);
    await callsPerDay(7);
    const taskId = await startTask();
    await runPage();
    // More than would ever be given out.
    await db.query("update pipeline.mining_call set state = 'ENQUEUED' where state = 'WAITING'");
    const payloads = (await calls()).map(({ companyId }) => ({ taskId, attempt: 1, companyId }));
    await Promise.all(payloads.map((payload) => runCall(payload)));
    expect(mining.module.calls).toHaveLength(7);
    expect(await task()).toMatchObject({ status: "SUCCESS", summary: { succeeded: 7, skipped: 13 } });
  });

  test("a call that another process may be making is left to it", async () => {
    await companies(1);
    await callsPerDay(1);
    await startTask();
    await runPage();
    const { payload = {} } = mining.queue.take("mineCompany") ?? {};
    mining.module.behaviour.mine = async () => {
      mining.module.behaviour.mine = async () => {};
      await runCall(payload);
    };
    await runCall(payload);
    expect(mining.module.calls).toHaveLength(1);
    expect(await calls()).toMatchObject([{ state: "SUCCEEDED" }]);
  });
});

test("over the days all companies get their turn, also where some fail every time", async () => {
  const ids = await companies(11);
  await callsPerDay(4);
  mining.module.behaviour.mine = async ({ company }) => {
    if (ids.indexOf(company?.id ?? 0) < 4)
      throw new ModuleError("NotFound", "no", { retryable: false, blames: "company" });
  };
  const days: number[][] = [];
  for (let day = 0; day < 4; day += 1) {
    const before = called().length;
    await startTask();
    await runAll();
    const indexes = called()
      .slice(before)
      .map((id) => ids.indexOf(id ?? 0));
    days.push(indexes.toSorted((a, b) => a - b));
    mining.now = new Date(mining.now.getTime() + 24 * 3_600_000);
  }
  expect(days).toEqual([
    [0, 1, 2, 3],
    [4, 5, 6, 7],
    [0, 8, 9, 10],
    [1, 2, 3, 4],
  ]);
});
