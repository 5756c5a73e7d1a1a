import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { fire } from "../../../scripts/stack/scheduler.ts";
import { call } from "./calls.ts";
import { runningStack } from "./runningStack.ts";

jest.setTimeout(60_000);

let stack: Awaited<ReturnType<typeof runningStack>>;
beforeAll(async () => {
  stack = await runningStack();
});
afterAll(async () => {
  await stack.close();
});

test("the functions are alive, and ready", async () => {
  const get = (path: string) => call(stack.baseUrl, { method: "GET", path });
  expect(await get("/health/live")).toMatchObject({ status: 200, answer: { live: true } });
  expect(await get("/health/ready")).toMatchObject({
    status: 200,
    answer: {
      ready: true,
      checks: { database: "ok", migrations: "ok", firestore: "ok", secrets: "ok" },
    },
  });
});

test("a scheduled function's runs are recorded: fired again for the same time, it is a further attempt", async () => {
  const job = { id: "europe-west1-sweep", name: "sweep", schedule: "*/5 * * * *", timeZone: "UTC" };
  const firedFor = new Date("2024-05-15T12:00:00Z");
  await fire(stack, job, firedFor);
  await fire(stack, job, firedFor);
  const { rows } = await stack.db.query(
    "select job, trigger::text, attempts, state::text, error from pipeline.job_run where scheduled_for = $1",
    [firedFor],
  );
  expect(rows).toEqual([{ job: "sweep", trigger: "SCHEDULE", attempts: 2, state: "SUCCEEDED", error: null }]);
});
