import { scheduledJob } from "../../platform/scheduledJob.ts";

// In a file of its own: what firebase-functions needs for HTTP and tasks takes ten times as long to load.

/** Starts due tasks every half hour. */
export const scheduleTick = scheduledJob(
  {
    name: "scheduleTick",
    account: "schedule",
    schedule: "0,30 * * * *",
    memory: "256MiB",
    // A tick takes well under a second; enqueuing 10,000 tasks takes about a minute.
    timeoutSeconds: 180,
    // The next tick makes up for a failed one.
    retries: 1,
    maxInstances: 1,
    connections: 1,
  },
  async (now) => {
    const { tick } = await import("./tick.ts");
    const { database } = await import("../../platform/postgres.ts");
    const { enqueueTasks } = await import("../../platform/taskQueue.ts");
    return tick({ db: await database(), enqueue: enqueueTasks }, now);
  },
);
