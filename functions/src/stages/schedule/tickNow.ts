import { runJob } from "../../platform/jobRun.ts";
import { database } from "../../platform/postgres.ts";
import { sharedRun } from "../../platform/sharedRun.ts";
import { enqueueTasks } from "../../platform/taskQueue.ts";
import { tick } from "./tick.ts";

const RUN = { job: "scheduleTick", trigger: "HTTP", timeoutSeconds: 60 } as const;

/** A {@link tick} of this process, now. Who asks while one is running shares the next with all who ask. */
export const tickNow = sharedRun(async () => {
  const db = await database();
  return runJob(db, RUN, () => tick({ db, enqueue: enqueueTasks }, new Date()));
});
