import { onTaskDispatched, type TaskQueueOptions } from "firebase-functions/tasks";
import { MAX_BACKOFF_SECONDS, stateModels } from "../../domain/state/stateModels.ts";
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

// A call decides itself how often it is tried. The queue delivers it a few times more, for the deaths of its process
// and for errors before the call begins; a call that is lost all the same is found by the sweep. The back-off gives a
// module that answers 429 or 5xx time to recover.
const CALL_RETRIES = {
  maxAttempts: 2 * stateModels.miningCall.attempts,
  minBackoffSeconds: IN_EMULATOR ? 1 : 15,
  maxBackoffSeconds: MAX_BACKOFF_SECONDS,
  maxDoublings: 4,
};

const CALL_OPTIONS = {
  ...runsAs("mine"),
  region: REGION,
  memory: "512MiB",
  // The longest that Cloud Tasks waits for an answer; a call's own limit is its task's max_run_seconds.
  timeoutSeconds: 1800,
  retryConfig: CALL_RETRIES,
  secrets: [...TOKEN_SECRETS, ...GITHUB_SECRETS],
} satisfies TaskQueueOptions;

/** Calls a source's module for one company. */
export const mineCompany = onTaskDispatched(
  {
    ...CALL_OPTIONS,
    // The calls wait for modules: one instance holds many.
    concurrency: 40,
    // Each source keeps to its own calls in flight, so these limit the sum over all sources. The emulator has a
    // dozen places for all functions, and a call keeps one while its module feeds us through others.
    rateLimits: { maxConcurrentDispatches: IN_EMULATOR ? 6 : 400, maxDispatchesPerSecond: 100 },
  },
  callHandler({ alone: false }),
);

/** The same for a call whose process died: in a process of its own, so that it takes no other with it. */
export const mineCompanyAlone = onTaskDispatched(
  {
    ...CALL_OPTIONS,
    concurrency: 1,
    // Few calls come here: those of one process, when it has died.
    maxInstances: 10,
    rateLimits: { maxConcurrentDispatches: IN_EMULATOR ? 1 : 10 },
  },
  callHandler({ alone: true }),
);

function callHandler({ alone }: { alone: boolean }) {
  return taskHandler(async (request) => {
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
        alone,
      },
      payload,
    );
  });
}
