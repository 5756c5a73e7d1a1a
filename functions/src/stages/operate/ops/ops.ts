import type { z } from "zod";
import { failedDocuments } from "../../../domain/rawDocument/failedDocuments.ts";
import { queueProjectConfig } from "../../../platform/config.ts";
import { type Call, type Paths, type Reply, route } from "../../../platform/http.ts";
import { type Operator, operators } from "../../../platform/operator.ts";
import { database } from "../../../platform/postgres.ts";
import { enqueueTasks } from "../../../platform/taskQueue.ts";
import { cancelBackfill, listBackfills, readBackfill, readFailures } from "../backfill/backfill.ts";
import { startBackfill } from "../backfill/startBackfill.ts";
import { eraseLater } from "../erase/erase.ts";
import { receiptOf } from "../erase/erasure.ts";
import { cancelTask } from "./cancelTask.ts";
import { type OperationContext, recordedOperation } from "./operation.ts";
import { queueStates } from "./queueStates.ts";
import * as requests from "./requests.ts";
import { retryFailed } from "./retryFailed.ts";
import { listRuns } from "./runs.ts";
import { pause, resume } from "./sources.ts";
import { readStatus } from "./status.ts";

/** A route that shows something. */
const shows = <Q extends z.ZodType>(
  summary: string,
  query: Q,
  show: (query: z.output<Q>, now: Date) => Promise<object>,
) => ({
  GET: route({ callers: operators, summary, query }, async (call) => ({
    status: 200,
    body: await show(call.query(), call.now),
  })),
});

/** Does the work, once the input is known. */
type Change = <T extends object>(
  input: object,
  work: (context: OperationContext) => Promise<T>,
) => Promise<T>;

interface Operation<B extends z.ZodType> {
  /** As pipeline.operation has it. */
  readonly name: string;
  readonly summary: string;
  readonly body: B;
  /** 202 where the work goes on after the answer. */
  readonly status?: Reply["status"];
}

/** A route that changes something: kept with who had it done. */
const changes = <B extends z.ZodType>(
  { name, summary, body, status = 200 }: Operation<B>,
  change: (input: z.output<B>, recorded: Change) => Promise<object>,
) => ({
  POST: route({ callers: operators, summary, body }, async (call: Call<Operator, unknown, z.output<B>>) => {
    const input = await call.json();
    const context = { db: await database(), enqueue: enqueueTasks, operator: call.claims.id, now: call.now };
    const recorded: Change = (told, work) => recordedOperation(context, name, told, () => work(context));
    return { status, body: await change(input, recorded) };
  }),
});

function queuesOf(projectId = queueProjectConfig()) {
  return projectId === undefined ? {} : { queueStates: () => queueStates(projectId) };
}

// Enqueuing takes about 6 ms a document, and Hosting waits for 60 s. The command has no such limit.
const MAX_RETRIED = 5_000;

/** What operators may see and do; `scripts/dev ops` is the same. */
export const paths: Paths = {
  "/status": shows("how everything does", requests.statusRequest, async (query, now) =>
    readStatus({ db: await database(), ...queuesOf(), now }, query),
  ),
  "/runs": shows("the newest runs of scheduled functions", requests.runsRequest, async (query) => ({
    runs: await listRuns(await database(), query),
  })),
  "/failed": shows("raw documents that failed, with the reasons", requests.failedRequest, async (query) => {
    const { limit, ...filter } = query;
    return { failed: await failedDocuments(await database(), filter, limit) };
  }),
  "/backfills": shows("the newest backfills", requests.backfillsRequest, async ({ limit }) => ({
    backfills: await listBackfills(await database(), limit),
  })),
  "/backfill": {
    ...shows("how far a backfill has come, and what failed", requests.oneBackfillRequest, async ({ id }) => {
      const db = await database();
      return { ...(await readBackfill(db, id)), failures: await readFailures(db, id) };
    }),
    ...changes(
      {
        name: "backfill",
        summary: "processes or mines a range of a source's past again",
        body: requests.backfillRequest,
        status: 202,
      },
      (input, recorded) => recorded(input, (context) => startBackfill(context, input)),
    ),
  },
  "/retry": changes(
    { name: "retry", summary: "runs failed documents again", body: requests.retryRequest, status: 202 },
    ({ all: _said, ...filter }, recorded) =>
      recorded(filter, (context) => retryFailed(context, filter, MAX_RETRIED)),
  ),
  "/pause": changes(
    {
      name: "pause",
      summary: "pauses a source: nothing more is started or called",
      body: requests.pauseRequest,
    },
    (input, recorded) => recorded(input, (context) => pause(context, input)),
  ),
  "/resume": changes(
    { name: "resume", summary: "resumes a source, whoever paused it", body: requests.resumeRequest },
    (input, recorded) => recorded(input, (context) => resume(context, input)),
  ),
  "/cancel-task": changes(
    { name: "cancel", summary: "cancels a scheduled task", body: requests.cancelRequest },
    (input, recorded) => recorded(input, (context) => cancelTask(context, input.task)),
  ),
  "/cancel-backfill": changes(
    { name: "cancel backfill", summary: "cancels a backfill", body: requests.oneBackfillRequest },
    (input, recorded) => recorded(input, (context) => cancelBackfill(context, input.id)),
  ),
  "/erase": {
    ...shows("the receipt of an erasure", requests.eraseRequest, async ({ kind, id }) =>
      receiptOf(await database(), { kind: kind === "company" ? "COMPANY" : "USER", subjectId: id }),
    ),
    ...changes(
      {
        name: "erase",
        summary: "erases a company or a user in all stores",
        body: requests.eraseRequest,
        status: 202,
      },
      ({ kind, id }, recorded) =>
        recorded({ kind, id }, ({ operator: by, ...context }) =>
          eraseLater(context, { kind: kind === "company" ? "COMPANY" : "USER", id, by, now: context.now }),
        ),
    ),
  },
};
