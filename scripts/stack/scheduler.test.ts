import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { z } from "zod";
import { cronOf, fire } from "./scheduler.ts";

const address = z.object({ port: z.number() });
const seen: { path: string | undefined; headers: IncomingMessage["headers"] }[] = [];
const functions = createServer((request, response) => {
  seen.push({ path: request.url, headers: request.headers });
  response.writeHead(request.url?.includes("broken") ? 500 : 200).end("said no");
});

beforeAll(async () => {
  await once(functions.listen(0, "127.0.0.1"), "listening");
});
afterAll(() => {
  functions.close();
});

const emulator = () => ({
  functionsOrigin: `http://127.0.0.1:${address.parse(functions.address()).port}`,
  projectId: "demo-parma",
});

test.each([
  ["0,30 * * * *", "0,30 * * * *"],
  ["every 30 minutes", "*/30 * * * *"],
  ["every 1 hours", "0 */1 * * *"],
  ["every 5 mins", "*/5 * * * *"],
  ["every monday 09:00", undefined],
  ["every 90 minutes", undefined],
  ["* * * * * *", undefined],
])("the schedule %p is the cron expression %p", (schedule, cron) => {
  expect(cronOf(schedule)).toBe(cron);
});

test("calls a function as Cloud Scheduler does", async () => {
  const job = { id: "europe-west1-tick", name: "tick", schedule: "* * * * *", timeZone: "UTC" };
  await fire(emulator(), job, new Date("2026-02-03T04:05:00Z"));
  expect(seen.at(-1)?.path).toBe("/functions/projects/demo-parma/triggers/europe-west1-tick-0");
  expect(seen.at(-1)?.headers).toMatchObject({
    "x-cloudscheduler-jobname": "firebase-schedule-tick",
    "x-cloudscheduler-scheduletime": "2026-02-03T04:05:00.000Z",
  });
});

test("reports what a failing function answered", async () => {
  const job = { id: "broken", name: "broken", schedule: "* * * * *", timeZone: "UTC" };
  await expect(fire(emulator(), job, new Date(0))).rejects.toThrow("status 500: said no");
});
