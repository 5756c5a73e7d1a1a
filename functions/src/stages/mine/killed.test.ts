import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { z } from "zod";
import { databaseUrl, testServer } from "../../../test/database.ts";
import { openMining } from "../../../test/mining.ts";
import { startExternalModule } from "../../../test/standins/externalModule.ts";
import { bodyOf, type HttpServer, serveHttp } from "../../../test/standins/httpServer.ts";
import { finishCalls } from "../../domain/miningCall/finishCalls.ts";
import { stateModels } from "../../domain/state/stateModels.ts";
import { selectRow } from "../../platform/postgres.ts";
import type { Task } from "../../platform/taskQueue.ts";

/**
 * The processes of `mineCompany` and `mineCompanyAlone`, as deployed, are killed (SIGKILL) while a module is asked for
 * one company. The test is the queue: it dispatches, and again whatever was not answered.
 */

const PROGRAM = fileURLToPath(new URL("../../../test/serveFunction.ts", import.meta.url));
const SHARED_SECRET = "a shared secret of 32 characters";
const { attempts } = stateModels.miningCall;
// It starts four processes one after the other, a second each, or several on a busy machine.
const TIMEOUT_MS = 120_000;

const mining = openMining(new Date());
const { db, companies, startTask, runPage, calls, task } = mining;

const enqueued = z.object({
  task: z.object({ name: z.string(), httpRequest: z.object({ body: z.base64() }) }),
});
const payload = z.object({ data: z.record(z.string(), z.unknown()) });

/** Takes what the functions enqueue, as Cloud Tasks does. */
const startQueues = () =>
  serveHttp(async (request, url) => {
    const [, queue = ""] = /\/queues\/([^/]+)\/tasks$/.exec(url.pathname) ?? [];
    const { name, httpRequest } = enqueued.parse(JSON.parse(await bodyOf(request))).task;
    const { data } = payload.parse(JSON.parse(Buffer.from(httpRequest.body, "base64").toString()));
    await mining.queue.enqueue(queue, [{ id: name.split("/").at(-1) ?? "", payload: data }]);
    return { status: 200, body: {} };
  });

/** The identifiers that the module is asked for, in order. */
const asked: string[] = [];
let crawl: (handle: string) => Promise<void>;

let queues: HttpServer;
let analytics: HttpServer;
let standIn: HttpServer;
beforeAll(async () => {
  queues = await startQueues();
  analytics = await serveHttp(() => ({ status: 200, body: {} }));
  standIn = await startExternalModule({
    name: "producthunt",
    frequency: "daily",
    mappings: [],
    analyticsUrl: analytics.url,
    sharedSecret: SHARED_SECRET,
    discover: () => ({}),
    crawl: async (_property, handle) => {
      asked.push(handle);
      await crawl(handle);
      return { handle };
    },
  });
});
afterAll(() => Promise.all([queues.stop(), analytics.stop(), standIn.stop()]));

const children = new Set<ChildProcess>();
afterEach(() => Promise.all([...children].map(kill)));

async function kill(child: ChildProcess): Promise<void> {
  children.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

interface FunctionProcess {
  /** @returns the status of its answer; undefined if it died before that */
  dispatch(task: Task): Promise<number | undefined>;
  kill(): Promise<void>;
}

async function startProcess(name: "mineCompany" | "mineCompanyAlone"): Promise<FunctionProcess> {
  const database = await selectRow(db, z.object({ name: z.string() }), "select current_database() as name");
  const child = fork(PROGRAM, {
    env: {
      PATH: process.env["PATH"],
      FUNCTION_TARGET: name,
      FUNCTIONS_EMULATOR: "true",
      GCLOUD_PROJECT: "demo-parma",
      METADATA_SERVER_DETECTION: "none",
      FIRESTORE_EMULATOR_HOST: "127.0.0.1:9",
      CLOUD_TASKS_EMULATOR_HOST: new URL(queues.url).host,
      DATABASE_URL: databaseUrl(testServer().serverUrl, database?.name ?? ""),
      BLOB_STORE: "file:///nonexistent",
      MODULE_NETWORKS: "127.0.0.0/8",
      PARMA_SHARED_SECRET_KEY: SHARED_SECRET,
      PARMA_ANALYTICS_SECRET_KEY: "another secret of 32 characters!",
    },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  children.add(child);
  const url = `http://127.0.0.1:${await portOf(child)}`;
  const headers = { "content-type": "application/json" };
  return {
    dispatch: ({ payload: data }) =>
      fetch(url, { method: "POST", headers, body: JSON.stringify({ data }) }).then(
        ({ status }) => status,
        () => undefined,
      ),
    kill: () => kill(child),
  };
}

async function portOf(child: ChildProcess): Promise<number> {
  const died = once(child, "exit").then(([code]) => {
    throw new Error(`The function ended with exit code ${code}`);
  });
  died.catch(() => undefined);
  const [port] = z
    .tuple([z.number()])
    .rest(z.unknown())
    .parse(await Promise.race([once(child, "message"), died]));
  return port;
}

function takeAll(queue: string): Task[] {
  const taken = mining.queue.take(queue);
  return taken === undefined ? [] : [taken, ...takeAll(queue)];
}

function byPayload(tasks: readonly Task[]): Task[] {
  return tasks.toSorted((a, b) => (JSON.stringify(a.payload) < JSON.stringify(b.payload) ? -1 : 1));
}

test(
  "a company that ends its process takes its neighbors with it once; then it dies alone, and they succeed",
  async () => {
    await db.query("update data_source set invocation_endpoint = $1, additional_params = $2", [
      standIn.url,
      { calls_in_flight: 4 },
    ]);
    const ids = await companies(4);
    const [poison] = ids;
    const taskId = await startTask();
    await runPage();
    const together = takeAll("mineCompany");
    expect(together).toHaveLength(4);

    const shared = await startProcess("mineCompany");
    const { promise: isDead, resolve } = Promise.withResolvers<void>();
    crawl = () => {
      // All four are in flight, and none of them has ended.
      if (asked.length === 4) shared.kill().then(resolve);
      return isDead;
    };
    // The source has shaken hands.
    await db.query(
      "insert into source_measurement (type, measurement_name, source_module_id, modified_at) select 'int', 'stars', id, now() from data_source",
    );
    expect(await Promise.all(together.map(shared.dispatch))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(await calls()).toMatchObject(Array(4).fill({ state: "RUNNING", attempt: 1 }));

    const next = await startProcess("mineCompany");
    expect(await Promise.all(together.map(next.dispatch))).toEqual([204, 204, 204, 204]);
    expect(await calls()).toMatchObject(
      Array(4).fill({ state: "ENQUEUED", attempt: 0, errorType: "ProcessDied" }),
    );
    expect(asked).toHaveLength(4);

    const dying = await startProcess("mineCompanyAlone");
    // A module that lives reports that it is done.
    crawl = async (handle) => {
      if (handle === "company-1") return dying.kill();
      const companyId = ids[Number(handle.split("-")[1]) - 1] ?? null;
      const results = [{ companyId, state: "SUCCEEDED" as const }];
      await finishCalls(db, { taskId, attempt: 1, results, now: new Date() });
    };
    // Four at once enqueue them, in any order.
    const [itsOwn, ...others] = byPayload(takeAll("mineCompanyAlone"));
    expect([itsOwn, ...others].map((task) => task?.payload)).toEqual(
      byPayload(together).map((task) => task.payload),
    );
    if (itsOwn === undefined) throw new Error("The poison company is not tried alone");
    // Its last try; crashes.test.ts goes through all of them.
    await db.query("update pipeline.mining_call set attempt = $1 where company_id = $2", [
      attempts - 1,
      poison,
    ]);
    expect(await dying.dispatch(itsOwn)).toBeUndefined();
    const surviving = await startProcess("mineCompanyAlone");
    for (const call of [itsOwn, ...others]) expect(await surviving.dispatch(call)).toBe(204);
    expect(asked.slice(4)).toEqual(["company-1", "company-2", "company-3", "company-4"]);
    const [first, ...neighbors] = await calls();
    expect(first).toMatchObject({
      companyId: poison,
      state: "FAILED",
      errorType: "ProcessDied",
      errorText: `The process died while the module was called (tried ${attempts} times)`,
    });
    expect(neighbors).toMatchObject(Array(3).fill({ state: "SUCCEEDED", attempt: 1, errorType: null }));
    expect(await task()).toMatchObject({ status: "SUCCESS", summary: { succeeded: 3, failed: 1 } });
  },
  TIMEOUT_MS,
);
