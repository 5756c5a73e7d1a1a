import { scheduledJob } from "../../platform/scheduledJob.ts";

// In a file of their own: what firebase-functions needs for HTTP and tasks takes ten times as long to load.

/** Plans everybody's report, on Monday mornings. */
export const weeklyReports = scheduledJob(
  {
    name: "weeklyReports",
    account: "report",
    schedule: "0 8 * * 1",
    memory: "256MiB",
    // Enqueuing 10,000 tasks takes about a minute.
    timeoutSeconds: 180,
    // Planning again is harmless; a week without reports is not.
    retries: 5,
    maxInstances: 1,
    connections: 1,
  },
  async (now) => {
    const { planReports } = await import("./planReports.ts");
    const { database } = await import("../../platform/postgres.ts");
    const { enqueueTasks } = await import("../../platform/taskQueue.ts");
    return planReports({ db: await database(), enqueue: enqueueTasks, now });
  },
);
