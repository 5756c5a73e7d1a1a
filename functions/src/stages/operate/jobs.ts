import type { Upkeep } from "../../domain/upkeep/upkeep.ts";
import { scheduledJob } from "../../platform/scheduledJob.ts";

// In a file of their own: what firebase-functions needs for HTTP and tasks takes ten times as long to load.

type LoadUpkeep = () => Promise<readonly Upkeep[]>;

/** Sets stalled work going again, by the sweep steps of all stages. */
export const sweepJob = (loadUpkeep: LoadUpkeep) =>
  scheduledJob(
    {
      name: "sweep",
      account: "operate",
      schedule: "*/5 * * * *",
      memory: "256MiB",
      // Enqueuing some thousand tasks takes seconds each.
      timeoutSeconds: 180,
      // The next run makes up for it.
      retries: 0,
      maxInstances: 1,
      connections: 1,
      uses: ["sweeping"],
    },
    async (now) => {
      const { sweep } = await import("./sweep.ts");
      const { sweepPatience } = await import("../../platform/config.ts");
      const { database } = await import("../../platform/postgres.ts");
      const { enqueueTasks } = await import("../../platform/taskQueue.ts");
      const context = { db: await database(), enqueue: enqueueTasks };
      return sweep(await loadUpkeep(), context, { now, factor: sweepPatience() });
    },
  );

/** Looks for wrong data, tells operators, and pauses the sources that deliver it. */
export const checkData = scheduledJob(
  {
    name: "checkData",
    account: "operate",
    // Between two ticks, when least is mined.
    schedule: "50 * * * *",
    memory: "256MiB",
    // The checks take seconds; a hanging one is cancelled after 30.
    timeoutSeconds: 300,
    // The next run makes up for it.
    retries: 0,
    maxInstances: 1,
    connections: 1,
  },
  async (now) => {
    const { checkCounts, checkData } = await import("./checks/checkData.ts");
    const { readChecks } = await import("./checks/readChecks.ts");
    const { database } = await import("../../platform/postgres.ts");
    const { enqueueTasks } = await import("../../platform/taskQueue.ts");
    const context = { db: await database(), enqueue: enqueueTasks, checks: await readChecks() };
    return checkCounts(await checkData(context, now));
  },
);

/** Deletes expired data by the retention steps of all stages. */
export const retainJob = (loadUpkeep: LoadUpkeep) =>
  scheduledJob(
    {
      name: "retain",
      account: "operate",
      // When neither mining nor people are busy.
      schedule: "20 3 * * *",
      memory: "512MiB",
      timeoutSeconds: 540,
      // The next night goes on.
      retries: 0,
      maxInstances: 1,
      connections: 1,
      uses: ["blobs"],
    },
    async (now) => {
      const { retain } = await import("./retain.ts");
      const { database } = await import("../../platform/postgres.ts");
      const { firestore } = await import("../../platform/firebase.ts");
      const { blobStore } = await import("../../adapters/blobStore.ts");
      // The last batch takes seconds, or a minute if a store is slow.
      const end = Date.now() + 420_000;
      const stores = { db: await database(), firestore: firestore(), blobStore: blobStore() };
      return retain(await loadUpkeep(), stores, { now, mayGoOn: () => Date.now() < end });
    },
  );
