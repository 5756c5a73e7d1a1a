import { describe, expect, test } from "@jest/globals";
import { dyingAtEveryStep } from "../../../test/dying.ts";
import { openMining } from "../../../test/mining.ts";
import { mineSourcePayload } from "../../domain/miningCall/miningCall.ts";
import { stateModels } from "../../domain/state/stateModels.ts";
import { tick } from "../schedule/tick.ts";
import { mineSource } from "./mineSource.ts";

const NOW = new Date("2024-05-15T12:00:00Z");
const mining = openMining(NOW);
const { db, runPage, runCall, runAll, companies, startTask, task, calls } = mining;
const outside = () => ({ db, enqueue: mining.queue.enqueue });

describe("everything twice, and at once", () => {
  test("the state is the same as after once", async () => {
    await companies(12);
    await startTask();
    const page = mining.queue.take("mineSource")?.payload ?? {};
    const pageTwice = () =>
      mineSource({ db, enqueue: mining.queue.enqueue, now: NOW }, mineSourcePayload.parse(page));
    await Promise.all([pageTwice(), pageTwice()]);
    await pageTwice();
    for (;;) {
      const payload = mining.queue.take("mineCompany")?.payload;
      if (payload === undefined) break;
      await Promise.all([runCall(payload), runCall(payload)]);
      await runCall(payload);
    }
    expect(await calls()).toHaveLength(12);
    expect(await task()).toMatchObject({ status: "SUCCESS", summary: { companies: 12, succeeded: 12 } });
  });
});

describe("a crash between any two steps", () => {
  test("mineSource: another delivery completes it", async () => {
    await companies(11);
    await startTask();
    for (;;) {
      const page = mining.queue.take("mineSource")?.payload;
      if (page === undefined) break;
      const deaths = await dyingAtEveryStep(outside(), (dying) =>
        mineSource({ ...dying, now: NOW, companiesAPage: 4 }, mineSourcePayload.parse(page)),
      );
      expect(deaths).toBeGreaterThan(4);
    }
    await runAll();
    expect(await calls()).toHaveLength(11);
    expect(await task()).toMatchObject({ status: "SUCCESS", summary: { companies: 11, succeeded: 11 } });
  });

  test.each([
    { alone: false, steps: 2 },
    { alone: true, steps: 4 },
  ])(
    "mineCompany: another delivery completes it, and no call that waits is forgotten; $alone",
    async ({ alone, steps }) => {
      await db.query(`update data_source set additional_params = '{"calls_in_flight": 2}'`);
      await companies(7);
      await startTask();
      await runPage();
      for (;;) {
        const payload = mining.queue.take("mineCompany")?.payload;
        if (payload === undefined) break;
        const deaths = await dyingAtEveryStep(outside(), async (dying) => {
          // So many deaths would use its tries up.
          if (alone) await db.query("update pipeline.mining_call set attempt = 0 where state = 'RUNNING'");
          await runCall(payload, dying, alone);
        });
        expect(deaths).toBeGreaterThan(steps);
        await runAll();
      }
      expect(await calls()).toMatchObject(Array.from({ length: 7 }, () => ({ state: "SUCCEEDED" })));
      expect(await task()).toMatchObject({ status: "SUCCESS", summary: { companies: 7, succeeded: 7 } });
    },
  );
});

describe("a company that ends its process", () => {
  const { attempts } = stateModels.miningCall;
  let poison: number;

  /** Runs calls in one process: if the poison company is among them, it dies, and nothing is recorded of their end. */
  async function inOneProcess(payloads: readonly object[], alone: boolean): Promise<void> {
    const live = mining.module.behaviour.mine;
    let called = 0;
    const dead = Promise.withResolvers<void>();
    mining.module.behaviour.mine = async ({ company }) => {
      called += 1;
      if (company?.id === poison || !alone) {
        if (called === payloads.length) dead.resolve();
        await new Promise(() => {});
      }
    };
    const runs = Promise.all(payloads.map((payload) => runCall(payload, outside(), alone)));
    await Promise.race([dead.promise, runs]);
    mining.module.behaviour.mine = live;
  }

  const takeAll = (queue: string) => {
    const payloads: object[] = [];
    for (let task = mining.queue.take(queue); task !== undefined; task = mining.queue.take(queue)) {
      payloads.push(task.payload);
    }
    return payloads;
  };

  test("takes its neighbours with it once; alone, they succeed, and it fails with its reason", async () => {
    [poison = 0] = await companies(5);
    await startTask();
    await runPage();
    const together = takeAll("mineCompany");
    await inOneProcess(together, false);
    expect(await calls()).toMatchObject(Array.from({ length: 5 }, () => ({ state: "RUNNING", attempt: 1 })));

    // The queue delivers all of them again, twice even.
    for (const payload of [...together, ...together]) await runCall(payload);
    expect(await calls()).toMatchObject(
      Array.from({ length: 5 }, () => ({ state: "ENQUEUED", attempt: 0, errorType: "ProcessDied" })),
    );

    const apart = takeAll("mineCompanyAlone");
    expect(apart).toEqual(together);
    let deaths = 0;
    for (const payload of apart) {
      for (let delivery = 0; delivery <= attempts; delivery += 1) {
        const before = mining.module.calls.length;
        await inOneProcess([payload], true);
        if (mining.module.calls.length > before && "companyId" in payload && payload.companyId === poison) {
          deaths += 1;
        }
      }
    }
    expect(deaths).toBe(attempts);
    const ended = await calls();
    expect(ended[0]).toMatchObject({ companyId: poison, state: "FAILED", errorType: "ProcessDied" });
    expect(ended[0]?.errorText).toBe("The process died while the module was called (tried 4 times)");
    expect(ended.slice(1)).toMatchObject(
      Array.from({ length: 4 }, () => ({ state: "SUCCEEDED", attempt: 1, errorType: null })),
    );
    expect(await task()).toMatchObject({ status: "SUCCESS", summary: { succeeded: 4, failed: 1 } });
  });

  test("is not tried with others again in the task's next attempt", async () => {
    [poison = 0] = await companies(1);
    await startTask();
    await runPage();
    await inOneProcess(takeAll("mineCompany"), false);
    mining.now = new Date(NOW.getTime() + 3_600_000);
    await tick(outside(), mining.now);
    await runPage();
    for (const payload of takeAll("mineCompany")) await runCall(payload);
    expect(mining.module.calls).toHaveLength(1);
    expect(await calls()).toMatchObject([{ state: "ENQUEUED", attempt: 0 }]);
    expect(mining.queue.waiting("mineCompanyAlone")).toHaveLength(1);
  });
});
