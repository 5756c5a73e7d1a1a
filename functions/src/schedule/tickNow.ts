import { database } from "../platform/postgres.ts";
import { enqueueTasks } from "../platform/taskQueue.ts";
import { sharedRun } from "./sharedRun.ts";
import { tick } from "./tick.ts";

/** A {@link tick} of this process, now. Who asks while one is running shares the next with all who ask. */
export const tickNow = sharedRun(async () =>
  tick({ db: await database(), enqueue: enqueueTasks }, new Date()),
);
