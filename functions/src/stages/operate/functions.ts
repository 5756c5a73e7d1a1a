import { httpFunction } from "../../platform/http.ts";
import { addLogIds } from "../../platform/logContext.ts";
import { taskFunction } from "../../platform/taskFunction.ts";

/** Goes on with erasing a company or a user. Task: `{ erasureId }`. */
export const erase = taskFunction(
  {
    name: "erase",
    account: "operate",
    memory: "512MiB",
    // The longest that Cloud Tasks waits for an answer; longer work continues in another task.
    timeoutSeconds: 1800,
    concurrency: 1,
    // Covers some hours of an unavailable store or dying processes.
    retry: { attempts: 20, minBackoff: 30, maxBackoff: 3_600 },
    dispatches: { atOnce: 1 },
    maxInstances: 1,
    connections: 2,
    uses: ["blobs"],
  },
  async (request) => {
    const { erasePayload } = await import("./erase/erasure.ts");
    const { continueErasure } = await import("./erase/erase.ts");
    const { removeChannelSecret } = await import("./erase/eraseChannels.ts");
    const { database } = await import("../../platform/postgres.ts");
    const { firestore } = await import("../../platform/firebase.ts");
    const { blobStore } = await import("../../adapters/blobStore.ts");
    const { enqueueTasks } = await import("../../platform/taskQueue.ts");
    const { erasureId } = erasePayload.parse(request.data);
    addLogIds({ erasure: erasureId });
    const context = {
      db: await database(),
      firestore: firestore(),
      blobStore: blobStore(),
      enqueue: enqueueTasks,
      removeSecret: removeChannelSecret,
      clock: () => new Date(),
      signal: AbortSignal.timeout(1_500_000),
    };
    await continueErasure(context, erasureId);
  },
);

/** What operators may see and do. */
export const ops = httpFunction(
  {
    name: "ops",
    account: "operate",
    memory: "512MiB",
    // Hosting waits no longer. Large enqueuing is bounded, and the sweep enqueues the rest.
    timeoutSeconds: 60,
    concurrency: 10,
    maxInstances: 1,

    connections: 2,
    uses: ["operators"],
    path: "/ops",
  },
  async () => (await import("./ops/ops.ts")).paths,
);

/** Processes a company's raw documents of a backfill again. Task: `{ backfillId, companyId }`. */
export const processAgain = taskFunction(
  {
    name: "processAgain",
    account: "operate",
    // As much as stages 4 and 5 take for the largest document, one after the other.
    memory: "1GiB",
    // A task hands over to the next after four minutes.
    timeoutSeconds: 540,
    concurrency: 2,
    retry: { attempts: 5, minBackoff: 30, maxBackoff: 600 },
    dispatches: { atOnce: 2 },
    maxInstances: 1,
    connections: 2,
    uses: ["blobs"],
  },
  async (request) => {
    const { processAgain } = await import("./backfill/processAgain.ts");
    const { processAgainPayload } = await import("./backfill/backfill.ts");
    const { database } = await import("../../platform/postgres.ts");
    const { firestore } = await import("../../platform/firebase.ts");
    const { blobStore } = await import("../../adapters/blobStore.ts");
    const { enqueueTasks } = await import("../../platform/taskQueue.ts");
    const payload = processAgainPayload.parse(request.data);
    addLogIds({ backfill: payload.backfillId, company: payload.companyId });
    const context = {
      db: await database(),
      firestore: firestore(),
      blobStore: blobStore(),
      enqueue: enqueueTasks,
      clock: () => new Date(),
    };
    await processAgain(context, payload);
  },
);

/** Whether the functions are alive, and ready: for uptime checks. */
export const health = httpFunction(
  {
    name: "health",
    account: "operate",
    memory: "256MiB",
    timeoutSeconds: 30,
    // Anyone may call it: simultaneous calls share one instance's few connections.
    concurrency: 20,
    maxInstances: 1,
    // Whether they are set is part of being ready.

    connections: 2,
    uses: ["moduleTokens", "links"],
    path: "/health",
  },
  async () => (await import("./health.ts")).paths,
);
