import { beforeEach, describe, expect, jest, test } from "@jest/globals";
import { logger } from "firebase-functions/logger";
import { z } from "zod";
import { emptyTables } from "../../../test/emptyTables.ts";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";
import { recordedQueue } from "../../../test/recordedQueue.ts";
import { insertSource } from "../../../test/rows.ts";
import { ModuleError } from "../../domain/miningModule/moduleError.ts";
import { selectRow } from "../../platform/postgres.ts";
import { RetryLater } from "../../platform/retryLater.ts";
import { askModule } from "./askModule.ts";
import { ANSWER_SECONDS, askModules, moduleRequestPayload, sweepModuleRequests } from "./moduleRequest.ts";

const db = openTestDatabase();
jest.spyOn(logger, "warn").mockImplementation(() => undefined);

const START = new Date("2024-05-15T12:00:00Z");
let now: Date;
let source: number;
let queue: ReturnType<typeof recordedQueue>;
/** What happens while a caller pauses. */
let meanwhile: () => Promise<unknown>;
const handshake = jest.fn<() => Promise<object>>();

beforeEach(async () => {
  await emptyTables(db);
  now = START;
  source = await insertSource(db);
  queue = recordedQueue();
  meanwhile = runTask;
  handshake.mockReset().mockResolvedValue({ frequency: "weekly" });
});

const pass = (milliseconds: number) => {
  now = new Date(now.getTime() + milliseconds);
};

/** As the web application does. */
const ask = (sourceIds = [source]) =>
  askModules(
    {
      db,
      enqueue: queue.enqueue,
      clock: () => now,
      pause: async (milliseconds) => {
        pass(milliseconds);
        await meanwhile();
      },
    },
    { kind: "HANDSHAKE", sourceIds, now },
  );

const runPayload = (payload: unknown) =>
  askModule(
    { db, ask: { HANDSHAKE: handshake, CRM_IMPORT: () => Promise.reject(new Error()) }, clock: () => now },
    moduleRequestPayload.parse(payload),
  );

/** Runs the oldest task of the queue, where there is one; it is put back where it must be tried again. */
async function runTask(): Promise<void> {
  const task = queue.take("askModule");
  if (task === undefined) return;
  try {
    await runPayload(task.payload);
  } catch (error) {
    await queue.enqueue("askModule", [{ ...task, id: `${task.id}-` }]);
    if (!(error instanceof RetryLater)) throw error;
  }
}

const requestRow = z.object({
  state: z.string(),
  run: z.int(),
  attempt: z.int(),
  result: z.unknown(),
  errorType: z.string().nullable(),
  errorText: z.string().nullable(),
  isAnswered: z.boolean(),
});
const request = () =>
  selectRow(
    db,
    requestRow,
    `select state::text, run, attempt, result, error_type, error_text, answered_at is not null as is_answered
       from pipeline.module_request`,
  );
const nothing = async () => {};
const failure = (retryable: boolean) => new ModuleError("HttpStatus503", "the module's words", { retryable });

test("a module that answers in time is the answer, and the next call asks it anew", async () => {
  expect(await ask()).toMatchObject([{ state: "SUCCEEDED", result: { frequency: "weekly" } }]);
  handshake.mockResolvedValue({ frequency: "daily" });
  expect(await ask()).toMatchObject([{ state: "SUCCEEDED", result: { frequency: "daily" }, run: 2 }]);
  expect(handshake).toHaveBeenCalledTimes(2);
  expect(queue.waiting("askModule")).toEqual([]);
});

test("calls at the same time share one run", async () => {
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => ask()));
  for (const outcome of outcomes) expect(outcome).toMatchObject([{ state: "SUCCEEDED", run: 1 }]);
  expect(handshake).toHaveBeenCalledTimes(1);
});

test("one that takes longer: the caller's time ends before Hosting's, and the next call gets the outcome", async () => {
  meanwhile = nothing;
  expect(await ask()).toBeUndefined();
  const waited = (now.getTime() - START.getTime()) / 1000;
  expect(waited).toBeGreaterThan(ANSWER_SECONDS - 2);
  expect(waited).toBeLessThanOrEqual(ANSWER_SECONDS);

  pass(60_000);
  await runTask();
  expect(await request()).toMatchObject({ state: "SUCCEEDED", isAnswered: false });
  expect(await ask()).toMatchObject([{ state: "SUCCEEDED", run: 1 }]);
  expect(handshake).toHaveBeenCalledTimes(1);
  expect(await request()).toMatchObject({ isAnswered: true });
});

test("an outcome that nobody comes for is forgotten after an hour", async () => {
  meanwhile = nothing;
  await ask();
  await runTask();
  pass(3_600_001);
  meanwhile = runTask;
  expect(await ask()).toMatchObject([{ run: 2 }]);
  expect(handshake).toHaveBeenCalledTimes(2);
});

test("sources that are not there, or deleted meanwhile, have no outcome", async () => {
  expect(await ask([])).toEqual([]);
  expect(await ask([source + 1])).toEqual([]);
  meanwhile = () => db.query("delete from data_source");
  expect(await ask()).toEqual([]);
  await runTask();
  expect(handshake).not.toHaveBeenCalled();
});

describe("a failure", () => {
  test("is told at once to a caller who waits, and kept for operators", async () => {
    handshake.mockRejectedValue(failure(true));
    expect(await ask()).toMatchObject([{ state: "FAILED", errorType: "HttpStatus503" }]);
    expect(now.getTime()).toBeLessThan(START.getTime() + 1000);
    expect(await request()).toMatchObject({ attempt: 1, errorText: "the module's words" });
  });

  test.each([
    ["that may pass is tried again, so many times in all", true, 3],
    ["that is final is not", false, 1],
  ])("%s, when no caller waits", async (_kind, retryable, tries) => {
    handshake.mockRejectedValue(failure(retryable));
    meanwhile = nothing;
    await ask();
    pass(1000);
    for (let count = 0; count < 5; count += 1) await runTask();
    expect(handshake).toHaveBeenCalledTimes(tries);
    expect(await request()).toMatchObject({ state: "FAILED", attempt: tries, isAnswered: false });
    expect(queue.waiting("askModule")).toEqual([]);
  });

  test("that is our own is tried again, and ends with its reason", async () => {
    handshake.mockRejectedValue(new TypeError("a bug"));
    meanwhile = () => runTask().catch(nothing);
    expect(await ask()).toMatchObject([{ state: "FAILED", errorType: "InternalError" }]);
    expect(handshake).toHaveBeenCalledTimes(3);
    expect(await request()).toMatchObject({ errorText: expect.stringContaining("a bug") });
  });
});

describe("a task", () => {
  test("delivered twice at once asks once, and after the end not at all", async () => {
    meanwhile = nothing;
    await ask();
    const payload = queue.take("askModule")?.payload;
    const twice = await Promise.allSettled([runPayload(payload), runPayload(payload)]);
    expect(handshake).toHaveBeenCalledTimes(1);
    for (const { status, ...rest } of twice) {
      if (status === "rejected") expect(rest).toMatchObject({ reason: expect.any(RetryLater) });
    }
    await runPayload(payload);
    expect(handshake).toHaveBeenCalledTimes(1);
  });

  test("whose process died is taken over once it must be dead, and given up after three deaths", async () => {
    meanwhile = nothing;
    await ask();
    const payload = queue.take("askModule")?.payload;
    const die = () =>
      db.query(
        "update pipeline.module_request set state = 'RUNNING', attempt = attempt + 1, started_at = $1",
        [now],
      );
    await die();
    await expect(runPayload(payload)).rejects.toThrow(RetryLater);
    expect(handshake).not.toHaveBeenCalled();
    await die();
    await die();
    pass(10 * 60_000 + 1);
    await runPayload(payload);
    expect(await request()).toMatchObject({ state: "FAILED", errorType: "Lost" });
    expect(handshake).not.toHaveBeenCalled();
  });

  test("that got lost is enqueued again by the next caller, and by the sweep", async () => {
    meanwhile = nothing;
    await ask();
    queue = recordedQueue();
    const sweep = () => sweepModuleRequests({ db, enqueue: queue.enqueue }, { now, factor: 1 });
    expect(await sweep()).toEqual({ moduleRequestsAgain: 0 });
    meanwhile = runTask;
    expect(await ask()).toMatchObject([{ state: "SUCCEEDED", run: 1 }]);

    meanwhile = nothing;
    await ask();
    queue = recordedQueue();
    pass(15 * 60_000);
    expect(await sweep()).toEqual({ moduleRequestsAgain: 1 });
    await runTask();
    expect(await request()).toMatchObject({ state: "SUCCEEDED", run: 2 });
  });
});
