import { onTaskDispatched } from "firebase-functions/tasks";
import { IN_EMULATOR, REGION } from "../../platform/config.ts";
import { addLogIds, correlationOf } from "../../platform/logContext.ts";
import { GITHUB_SECRETS, TOKEN_SECRETS } from "../../platform/secrets.ts";
import { runsAs } from "../../platform/serviceAccounts.ts";
import { taskHandler } from "../../platform/taskHandler.ts";

/** Opens the mining calls of one page of a source's companies. */
export const mineSource = onTaskDispatched(
  {
    ...runsAs("mine"),
    region: REGION,
    memory: "256MiB",
    // One page takes about a second; a minute covers a slow database.
    timeoutSeconds: 60,
    retryConfig: { maxAttempts: 8, minBackoffSeconds: IN_EMULATOR ? 1 : 5, maxBackoffSeconds: 60 },
    rateLimits: { maxConcurrentDispatches: 20 },
  },
  taskHandler(async (request) => {
    const { mineSource } = await import("./mineSource.ts");
    const { mineSourcePayload } = await import("../../domain/miningCall/mineSourceTask.ts");
    const { database } = await import("../../platform/postgres.ts");
    const { enqueueTasks } = await import("../../platform/taskQueue.ts");
    const payload = mineSourcePayload.parse(request.data);
    addLogIds({ correlation: correlationOf(payload), task: payload.taskId, attempt: payload.attempt });
    await mineSource({ db: await database(), enqueue: enqueueTasks, now: new Date() }, payload);
  }),
);

/** Calls a source's module for one company. */
export const mineCompany = onTaskDispatched(
  {
    ...runsAs("mine"),
    region: REGION,
    memory: "512MiB",
    // The longest that Cloud Tasks waits for an answer; a call's own limit is its task's max_run_seconds.
    timeoutSeconds: 1800,
    // The calls wait for modules: one instance holds many.
    concurrency: 40,
    // A call decides itself how often its module is tried; these are for what the call cannot count, its own
    // process dying. The back-off gives a module that answers 429 or 5xx time to recover.
    retryConfig: {
      maxAttempts: 10,
      minBackoffSeconds: IN_EMULATOR ? 1 : 15,
      maxBackoffSeconds: 240,
      maxDoublings: 4,
    },
    // Each source keeps to its own calls in flight, so these limit the sum over all sources. The emulator has a
    // dozen places for all functions, and a call keeps one while its module feeds us through others.
    rateLimits: { maxConcurrentDispatches: IN_EMULATOR ? 6 : 400, maxDispatchesPerSecond: 100 },
    secrets: [...TOKEN_SECRETS, ...GITHUB_SECRETS],
  },
  taskHandler(async (request) => {
    const { mineCompany } = await import("./mineCompany.ts");
    const { mineCompanyPayload } = await import("../../domain/miningCall/miningCall.ts");
    const { moduleFor } = await import("../../adapters/modules/moduleFor.ts");
    const { database } = await import("../../platform/postgres.ts");
    const { firestore } = await import("../../platform/firebase.ts");
    const { blobStore } = await import("../../adapters/blobStore.ts");
    const { enqueueTasks } = await import("../../platform/taskQueue.ts");
    const payload = mineCompanyPayload.parse(request.data);
    const { taskId, attempt, companyId } = payload;
    addLogIds({ correlation: correlationOf(payload), task: taskId, attempt, company: companyId });
    const stores = { db: await database(), firestore: firestore(), blobStore: blobStore() };
    await mineCompany(
      {
        db: stores.db,
        enqueue: enqueueTasks,
        moduleFor: (source) => moduleFor(source, stores),
        clock: () => new Date(),
      },
      payload,
    );
  }),
);
