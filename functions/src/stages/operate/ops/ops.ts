import { failedDocuments } from "../../../domain/rawDocument/failedDocuments.ts";
import { queueProjectConfig } from "../../../platform/config.ts";
import { type Call, type Paths, type Reply, route } from "../../../platform/http.ts";
import { type Operator, operator } from "../../../platform/operator.ts";
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
const shows = (show: (call: Call<Operator>) => Promise<object>) => ({
  GET: route(operator, async (call) => ({ status: 200, body: await show(call) })),
});

/** A route that changes something: kept with who had it done. */
const changes = (
  operation: string,
  change: (call: Call<Operator>, as: Change) => Promise<object>,
  status: Reply["status"] = 200,
) => ({
  POST: route(operator, async (call) => {
    const context = {
      db: await database(),
      enqueue: enqueueTasks,
      operator: call.claims.id,
      now: call.now,
    };
    const recorded: Change = (input, work) =>
      recordedOperation(context, operation, input, () => work(context));
    return { status, body: await change(call, recorded) };
  }),
});

/** Does the work, once the input is known. */
type Change = <T extends object>(
  input: object,
  work: (context: OperationContext) => Promise<T>,
) => Promise<T>;

function queuesOf(projectId = queueProjectConfig()) {
  return projectId === undefined ? {} : { queueStates: () => queueStates(projectId) };
}

/** What operators may see and do; `scripts/dev ops` is the same. */
export const paths: Paths = {
  "/status": shows(async ({ query, now }) =>
    readStatus({ db: await database(), ...queuesOf(), now }, query(requests.statusRequest)),
  ),
  "/runs": shows(async ({ query }) => ({
    runs: await listRuns(await database(), query(requests.runsRequest)),
  })),
  "/failed": shows(async ({ query }) => {
    const { limit, ...filter } = query(requests.failedRequest);
    return { failed: await failedDocuments(await database(), filter, limit) };
  }),
  "/backfills": shows(async ({ query }) => ({
    backfills: await listBackfills(await database(), query(requests.backfillsRequest).limit),
  })),
  "/backfill": {
    ...shows(async ({ query }) => {
      const { id } = query(requests.oneBackfillRequest);
      const db = await database();
      return { ...(await readBackfill(db, id)), failures: await readFailures(db, id) };
    }),
    ...changes(
      "backfill",
      async ({ json }, recorded) => {
        const input = await json(requests.backfillRequest);
        return recorded(input, (context) => startBackfill(context, input));
      },
      202,
    ),
  },
  "/retry": changes(
    "retry",
    async ({ json }, recorded) => {
      const { all: _said, ...filter } = await json(requests.retryRequest);
      return recorded(filter, (context) => retryFailed(context, filter));
    },
    202,
  ),
  "/pause": changes("pause", async ({ json }, recorded) => {
    const input = await json(requests.pauseRequest);
    return recorded(input, (context) => pause(context, input));
  }),
  "/resume": changes("resume", async ({ json }, recorded) => {
    const input = await json(requests.resumeRequest);
    return recorded(input, (context) => resume(context, input));
  }),
  "/cancel-task": changes("cancel", async ({ json }, recorded) => {
    const input = await json(requests.cancelRequest);
    return recorded(input, (context) => cancelTask(context, input.task));
  }),
  "/cancel-backfill": changes("cancel backfill", async ({ json }, recorded) => {
    const input = await json(requests.oneBackfillRequest);
    return recorded(input, (context) => cancelBackfill(context, input.id));
  }),
  "/erase": {
    ...shows(async ({ query }) => {
      const { kind, id } = query(requests.eraseRequest);
      return receiptOf(await database(), { kind: kind === "company" ? "COMPANY" : "USER", subjectId: id });
    }),
    ...changes(
      "erase",
      async ({ json }, recorded) => {
        const { kind, id } = await json(requests.eraseRequest);
        return recorded({ kind, id }, ({ operator: by, ...context }) =>
          eraseLater(context, { kind: kind === "company" ? "COMPANY" : "USER", id, by, now: context.now }),
        );
      },
      202,
    ),
  },
};
