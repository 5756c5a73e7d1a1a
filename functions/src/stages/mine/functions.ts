import { MAX_BACKOFF_SECONDS, stateModels } from "../../domain/state/stateModels.ts";
import { IN_EMULATOR } from "../../platform/config.ts";
import { addLogIds, correlationOf } from "../../platform/logContext.ts";
import { taskFunction } from "../../platform/taskFunction.ts";

/** Opens the mining calls of one page of a source's companies. */
export const mineSource = taskFunction(
  {
    name: "mineSource",
    account: "mine",
    memory: "256MiB",
    // One page takes about a second; a minute covers a slow database.
    timeoutSeconds: 60,
    concurrency: 20,
    maxInstances: 2,
    connections: 1,
    retry: { attempts: 8, minBackoff: 5, maxBackoff: 60 },
    dispatches: { atOnce: 20 },
  },
  async (request) => {
    const { mineSource } = await import("./mineSource.ts");
    const { mineSourcePayload } = await import("../../domain/miningCall/miningCall.ts");
    const { database } = await import("../../platform/postgres.ts");
    const { enqueueTasks } = await import("../../platform/taskQueue.ts");
    const payload = mineSourcePayload.parse(request.data);
    addLogIds({ correlation: correlationOf(payload), task: payload.taskId, attempt: payload.attempt });
    await mineSource({ db: await database(), enqueue: enqueueTasks, now: new Date() }, payload);
  },
);

const CALLS = {
  account: "mine",
  memory: "512MiB",
  // The longest that Cloud Tasks waits for an answer; a call's own limit is its task's max_run_seconds.
  timeoutSeconds: 1800,
  // A call decides itself how often it is tried. The queue delivers it a few times more, for the deaths of its process
  // and for errors before the call begins; the sweep finds a call that is lost all the same. The back-off gives a
  // module that answers 429 or 5xx time to recover.
  retry: {
    attempts: 2 * stateModels.miningCall.attempts,
    minBackoff: 15,
    maxBackoff: MAX_BACKOFF_SECONDS,
    maxDoublings: 4,
  },
  uses: ["moduleTokens", "moduleNetworks", "github", "blobs"],
} as const;

/** Calls a source's module for one company. */
export const mineCompany = taskFunction(
  {
    ...CALLS,
    name: "mineCompany",
    // The calls wait for modules: one instance holds many, and each needs its connection for milliseconds.
    concurrency: 40,
    maxInstances: 8,
    connections: 1,
    // Each source keeps to its own calls in flight, so these limit the sum over all sources. The emulator has a
    // dozen places for all functions, and a call keeps one while its module feeds us through others.
    dispatches: { atOnce: IN_EMULATOR ? 6 : 320, perSecond: 100 },
  },
  callHandler({ alone: false }),
);

/** The same for a call whose process died: in a process of its own, so that it takes no other with it. */
export const mineCompanyAlone = taskFunction(
  {
    ...CALLS,
    name: "mineCompanyAlone",
    concurrency: 1,
    // Few calls come here: those of one process, when it has died.
    maxInstances: 6,
    connections: 1,
    dispatches: { atOnce: IN_EMULATOR ? 1 : 6 },
  },
  callHandler({ alone: true }),
);

function callHandler({ alone }: { alone: boolean }): Parameters<typeof taskFunction>[1] {
  return async (request) => {
    const { mineCompany } = await import("./mineCompany.ts");
    const { mineCompanyPayload } = await import("../../domain/miningCall/miningCall.ts");
    const { moduleFor } = await import("../../adapters/modules/moduleFor.ts");
    const { database } = await import("../../platform/postgres.ts");
    const { firestore } = await import("../../platform/firebase.ts");
    const { countRawDocuments } = await import("../../domain/rawDocument/countRawDocuments.ts");
    const { shakeHands } = await import("../../domain/normalizationMap/shakeHands.ts");
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
        shakeHands: (source, module) => shakeHands({ ...stores, module }, source, new Date()),
        countFiled: (sourceName, about) => countRawDocuments(stores.firestore, sourceName, about),
        alone,
      },
      payload,
    );
  };
}
