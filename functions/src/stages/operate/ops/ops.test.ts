import { beforeEach, describe, expect, test } from "@jest/globals";
import { emptyTables } from "../../../../test/emptyTables.ts";
import { openTestDatabase } from "../../../../test/openTestDatabase.ts";
import { recordedQueue } from "../../../../test/recordedQueue.ts";
import { insertCompany, insertSource, insertTask } from "../../../../test/rows.ts";
import { failedDocuments } from "../../../domain/rawDocument/failedDocuments.ts";
import { runJob } from "../../../platform/jobRun.ts";
import { sweepDocuments } from "../../normalize/sweepDocuments.ts";
import { tick } from "../../schedule/tick.ts";
import { cancelTask } from "./cancelTask.ts";
import { type OperationContext, recordedOperation } from "./operation.ts";
import { queueState } from "./queueStates.ts";
import { retryRequest } from "./requests.ts";
import { retryFailed } from "./retryFailed.ts";
import { listRuns } from "./runs.ts";
import { pause, resume } from "./sources.ts";
import { readStatus } from "./status.ts";

const db = openTestDatabase();
const NOW = new Date("2025-03-03T12:00:00Z");
const ago = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000);

let queue: ReturnType<typeof recordedQueue>;
let source: number;
let company: number;
beforeEach(async () => {
  await emptyTables(db, { restartsIds: true });
  queue = recordedQueue();
  source = await insertSource(db, { name: "github", isActive: false });
  company = await insertCompany(db, "Personio");
});

const operation = (): OperationContext => ({ db, enqueue: queue.enqueue, operator: "user:anna", now: NOW });

function insertDocument(id: string, state: string, since: Date, reason: string | null = null) {
  return db.query(
    `insert into pipeline.raw_document
       (id, path, data_source_id, company_id, observed_at, received_at, map_version, state, state_since, reason,
        attempt)
     values ($1, 'parma/mining/datasource/github/raw_data/' || $1, $2, $3, $4, $4, 1, $5, $4, $6, 5)`,
    [id, source, company, since, state, reason],
  );
}

describe("documents that failed", () => {
  beforeEach(async () => {
    await insertDocument("old", "FAILED", ago(600), "There is no map");
    await insertDocument("new", "FAILED", ago(10), "The 100% broken content is GONE");
    await insertDocument("good", "ANALYZED", ago(10));
  });
  const ids = async (filter: object) => (await failedDocuments(db, filter, 50)).map(({ id }) => id);

  test("are listed by source, reason and time", async () => {
    expect(await ids({})).toEqual(["old", "new"]);
    expect(await ids({ source: "reddit" })).toEqual([]);
    expect(await ids({ source: "github", reason: "100% BROKEN" })).toEqual(["new"]);
    expect(await ids({ since: ago(20) })).toEqual(["new"]);
    expect(await ids({ ids: ["old", "good"] })).toEqual(["old"]);
  });

  test("run again, those of a filter or all, each once", async () => {
    expect(await retryFailed(operation(), { reason: "map" })).toEqual({ retried: 1, more: false });
    expect(await retryFailed(operation(), { ids: ["good", "old"] })).toEqual({
      retried: 0,
      more: false,
    });
    expect(await retryFailed(operation(), {}, 1)).toEqual({ retried: 1, more: true });
    expect(queue.waiting("normalizeAgain").map(({ payload }) => payload)).toEqual([
      { path: "parma/mining/datasource/github/raw_data/old" },
      { path: "parma/mining/datasource/github/raw_data/new" },
    ]);
    const { rows } = await db.query("select id, state, attempt from pipeline.raw_document order by id");
    expect(rows).toEqual([
      { id: "good", state: "ANALYZED", attempt: 5 },
      { id: "new", state: "RECEIVED", attempt: 0 },
      { id: "old", state: "RECEIVED", attempt: 0 },
    ]);
  });

  test("are found by the sweeper where the process died before they were enqueued", async () => {
    const enqueue = async () => {
      throw new Error("killed");
    };
    await expect(retryFailed({ ...operation(), enqueue }, {})).rejects.toThrow("killed");
    const later = { now: new Date(NOW.getTime() + 11 * 60_000), factor: 1 };
    expect(await sweepDocuments({ db, enqueue: queue.enqueue }, later)).toMatchObject({ documentsAgain: 2 });
    expect(queue.waiting("normalizeAgain")).toHaveLength(2);
  });

  test("are not all run again by mistake", () => {
    expect(retryRequest.safeParse({}).success).toBe(false);
    expect(retryRequest.safeParse({ all: false }).success).toBe(false);
    expect(retryRequest.safeParse({ all: true }).success).toBe(true);
  });
});

test("a name that two sources have is refused, with their ids", async () => {
  const other = await insertSource(db, { name: "github", isActive: false });
  await expect(pause(operation(), { source: "github", reason: "moves" })).rejects.toMatchObject({
    code: "conflict",
    message: `Several data sources are called github: give the id of one of ${source}, ${other}`,
  });
});

describe("a paused source", () => {
  const claim = () => tick({ db, enqueue: queue.enqueue }, NOW);

  test("starts nothing until it is resumed, whoever paused it", async () => {
    await insertTask(db, source, { scheduledAt: ago(5) });
    await db.query("insert into pipeline.source_pause values ($1, 'check:orphans', 'orphans', $2)", [
      source,
      NOW,
    ]);
    expect(await pause(operation(), { source: "github", reason: "angry" })).toEqual({
      source: "github",
      isNew: true,
    });
    expect(await pause(operation(), { source: `${source}`, reason: "angry" })).toMatchObject({
      isNew: false,
    });
    expect(await claim()).toMatchObject({ started: 0 });
    expect(await resume(operation(), { source: "github" })).toEqual({ source: "github", goesOn: false });
    expect(await claim()).toMatchObject({ started: 1 });
  });

  test("goes on with its running task", async () => {
    const task = await insertTask(db, source, { status: "PROCESSING", attempts: 1, startedAt: ago(60) });
    await db.query("insert into pipeline.task_run values ($1, $2, true)", [task, ago(60)]);
    await db.query("insert into pipeline.mining_call (task_id, company_id) values ($1, $2)", [task, company]);
    await pause(operation(), { source: "github", reason: "angry" });
    expect(await claim()).toMatchObject({ reclaimed: 0, failed: 0 });
    expect(await resume(operation(), { source: "github" })).toMatchObject({ goesOn: true });
    expect(queue.waiting("mineSource").map(({ payload }) => payload)).toEqual([
      { taskId: task, attempt: 1, after: null },
    ]);
    expect(await claim()).toMatchObject({ reclaimed: 0, failed: 0 });
  });

  test("has to be there", async () => {
    await expect(pause(operation(), { source: "x", reason: "y" })).rejects.toMatchObject({
      code: "not_found",
    });
  });
});

test("what a module said is shown in part, however much it was", async () => {
  const task = await insertTask(db, source, { status: "FAILED", attempts: 1, startedAt: ago(60) });
  await db.query(
    `insert into pipeline.mining_call (task_id, company_id, state, ended_at, error_type, error_text)
     values ($1, $2, 'FAILED', $3, 'HttpStatus500', repeat('x', 3000000))`,
    [task, company, NOW],
  );
  await db.query(
    `insert into pipeline.source_breaker (data_source_id, state, state_since, last_error_type, last_error_text, last_error_at)
     values ($1, 'CLOSED', $2, 'HttpStatus500', repeat('y', 3000000), $2)`,
    [source, ago(90)],
  );
  const status = await readStatus({ db, now: NOW }, { hours: 24 });
  expect(status.sources[0]?.lastError?.text).toBe("x".repeat(2000));
  expect(JSON.stringify(status).length).toBeLessThan(5000);
});

test("a cancelled task ends with its open calls, says who did it, and is cancelled once", async () => {
  const other = await insertCompany(db, "Celonis");
  const task = await insertTask(db, source, { status: "PROCESSING", attempts: 1, startedAt: NOW });
  await db.query(
    "insert into pipeline.mining_call (task_id, company_id, state) values ($1, $2, 'SUCCEEDED'), ($1, $3, 'RUNNING')",
    [task, company, other],
  );
  expect(await cancelTask(operation(), task)).toEqual({ task, calls: 1 });
  const tasks = await db.query("select status, ended_at, result_summary from scheduled_task");
  expect(tasks.rows).toEqual([
    {
      status: "FAILED",
      ended_at: NOW,
      result_summary: expect.stringMatching(/Cancelled by user:anna.*"succeeded" : 1, "failed" : 1/),
    },
  ]);
  const calls = await db.query("select state, error_type, error_text from pipeline.mining_call order by id");
  expect(calls.rows).toMatchObject([
    { state: "SUCCEEDED", error_type: null },
    { state: "FAILED", error_type: "Cancelled", error_text: "Cancelled by user:anna" },
  ]);
  await expect(cancelTask(operation(), task)).rejects.toMatchObject({ code: "conflict" });
  await expect(cancelTask(operation(), 999)).rejects.toMatchObject({ code: "not_found" });
  const waiting = await insertTask(db, source);
  expect(await cancelTask(operation(), waiting)).toEqual({ task: waiting, calls: 0 });
});

test("what is changed is kept with who had it done, also where it fails or the process dies", async () => {
  const context = operation();
  await recordedOperation(context, "pause", { source: "github" }, async () => ({ source: "github" }));
  const fails = async () => {
    throw new Error("no");
  };
  await expect(recordedOperation(context, "retry", {}, fails)).rejects.toThrow("no");
  const { rows } = await db.query(
    "select operation, operator, input, result, error, ended_at is null as died from pipeline.operation order by id",
  );
  expect(rows).toEqual([
    {
      operation: "pause",
      operator: "user:anna",
      input: { source: "github" },
      result: { source: "github" },
      error: null,
      died: false,
    },
    { operation: "retry", operator: "user:anna", input: {}, result: null, error: "Error: no", died: false },
  ]);
});

test("runs are listed by job and state, the newest first", async () => {
  const run = (job: string, work: () => Promise<object>) =>
    runJob(db, { job, trigger: "COMMAND", timeoutSeconds: 60 }, work).catch(() => undefined);
  await run("sweep", async () => ({ documentsAgain: 2 }));
  await run("sweep", async () => {
    throw new Error("no");
  });
  await run("retain", async () => ({}));
  const listed = await listRuns(db, { job: "sweep", limit: 10 });
  expect(listed.map(({ state }) => state)).toEqual(["FAILED", "SUCCEEDED"]);
  expect(await listRuns(db, { state: "FAILED", limit: 1 })).toMatchObject([
    { job: "sweep", error: "Error: no" },
  ]);
});

describe("the status", () => {
  test("of nothing is empty", async () => {
    await emptyTables(db);
    expect(await readStatus({ db, now: NOW }, { hours: 24 })).toEqual({
      at: NOW,
      since: ago(24 * 60),
      sources: [],
      work: [],
      oldestWaiting: [],
      failingChecks: [],
      moduleRequests: [],
      refusedTransitions: [],
    });
  });

  test("shows what the web application asked of modules: what failed whatever its age, and the rest since then", async () => {
    await emptyTables(db);
    const source = await insertSource(db, { name: "affinity" });
    await db.query(
      `insert into pipeline.module_request
         (data_source_id, kind, state, requested_at, ended_at, result, error_type, error_text)
       values ($1, 'HANDSHAKE', 'FAILED', $2, $2, null, 'Timeout', 'too slow'),
              ($1, 'CRM_IMPORT', 'SUCCEEDED', $3, $3, '{"created": 1, "refused": ["x: no"]}', null, null)`,
      [source, ago(48 * 60), ago(60)],
    );
    const asked = async (hours: number) => (await readStatus({ db, now: NOW }, { hours })).moduleRequests;
    expect(await asked(2)).toMatchObject([
      { source: "affinity", kind: "CRM_IMPORT", result: { created: 1, refused: ["x: no"] } },
      { source: "affinity", kind: "HANDSHAKE", state: "FAILED", errorText: "too slow" },
    ]);
    expect(await asked(0.5)).toMatchObject([{ kind: "HANDSHAKE" }]);
  });

  test("shows what waits and what failed of any age, and what ended in the window", async () => {
    await insertTask(db, source, { scheduledAt: ago(90) });
    const running = await insertTask(db, source, {
      status: "PROCESSING",
      attempts: 1,
      startedAt: ago(70),
      scheduledAt: ago(4000),
    });
    await insertTask(db, source, { status: "SUCCESS", scheduledAt: ago(4000), startedAt: ago(4000) });
    await db.query(
      `insert into pipeline.mining_call (task_id, company_id, state, ended_at, error_type, error_text)
       values ($1, $2, 'FAILED', $3, 'HttpStatus500', 'It is broken'), ($1, null, 'WAITING', null, null, null)`,
      [running, company, ago(60)],
    );
    await insertDocument("received", "RECEIVED", ago(4000));
    await insertDocument("normalized", "NORMALIZED", ago(30));
    await insertDocument("failed", "FAILED", ago(4000), "a reason");
    await insertDocument("recent", "ANALYZED", ago(30));
    await insertDocument("long ago", "ANALYZED", ago(4000));
    await pause(operation(), { source: "github", reason: "angry" });
    await db.query(
      `insert into pipeline.data_check
         (name, title, severity, state, since, last_run_at, duration_ms, failing_count)
       values ('orphans', 'No orphans', 'HALT', 'FAILING', $1, $1, 5, 3),
              ('freshness', 'Fresh', 'WARN', 'PASSING', $1, $1, 5, 0)`,
      [ago(10)],
    );
    await db.query("update pipeline.raw_document set state = 'RECEIVED' where id = 'recent'");
    await db.query("update pipeline.refused_transition set refused_at = $1", [ago(5)]);

    const found = await readStatus({ db, now: NOW }, { hours: 24 });
    expect(
      found.work.map(({ source, stage, state, count }) => `${source} ${stage} ${state} ${count}`),
    ).toEqual([
      "github schedule PENDING 1",
      "github schedule PROCESSING 1",
      "github mine FAILED 1",
      "github mine WAITING 1",
      "github normalize FAILED 1",
      "github normalize RECEIVED 1",
      "github analyze ANALYZED 1",
      "github analyze NORMALIZED 1",
    ]);
    expect(found.oldestWaiting.map(({ stage, seconds }) => [stage, seconds / 60])).toEqual([
      ["schedule", 90],
      ["mine", 70],
      ["normalize", 4000],
      ["analyze", 30],
    ]);
    expect(found.sources).toMatchObject([
      {
        name: "github",
        breaker: { state: "CLOSED" },
        calls: { today: 0, perDay: null },
        pauses: [{ by: "user:anna", reason: "angry", since: NOW }],
        lastError: { type: "HttpStatus500", text: "It is broken", company, at: ago(60) },
      },
    ]);
    expect(found.failingChecks).toMatchObject([{ name: "orphans", severity: "HALT", failingCount: 3 }]);
    expect(found.refusedTransitions).toEqual([
      { work: "pipeline.raw_document", from: "ANALYZED", to: "RECEIVED", count: 1, lastAt: ago(5) },
    ]);
  });

  test("says what the queues hold, and all else where they do not answer", async () => {
    const told = {
      name: "projects/p/locations/europe-west1/queues/mineCompany",
      state: "RUNNING",
      stats: {
        tasksCount: "12",
        executedLastMinuteCount: "3",
        oldestEstimatedArrivalTime: { seconds: "1741003200", nanos: 5 },
      },
    };
    expect(queueState(told)).toEqual({
      queue: "mineCompany",
      state: "RUNNING",
      tasks: 12,
      oldest: NOW,
      executedLastMinute: 3,
    });
    const queueStates = async () => {
      throw new Error("Permission denied");
    };
    expect(await readStatus({ db, queueStates, now: NOW }, { hours: 1 })).toMatchObject({
      sources: [{ name: "github" }],
      queuesError: "Error: Permission denied",
    });
  });
});
