import { describe, expect, test } from "@jest/globals";
import { dyingAtEveryStep } from "../../../test/dying.ts";
import { openMining } from "../../../test/mining.ts";
import { mineSourcePayload } from "../../domain/miningCall/mineSourceTask.ts";
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

  test("mineCompany: another delivery completes it, and no call that waits is forgotten", async () => {
    await db.query(`update data_source set additional_params = '{"calls_in_flight": 2}'`);
    await companies(7);
    await startTask();
    await runPage();
    for (;;) {
      const payload = mining.queue.take("mineCompany")?.payload;
      if (payload === undefined) break;
      expect(await dyingAtEveryStep(outside(), (dying) => runCall(payload, dying))).toBeGreaterThan(4);
    }
    expect(await calls()).toMatchObject(Array.from({ length: 7 }, () => ({ state: "SUCCEEDED" })));
    expect(await task()).toMatchObject({ status: "SUCCESS", summary: { companies: 7, succeeded: 7 } });
  });
});
