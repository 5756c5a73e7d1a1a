import { type Paths, route } from "../../platform/http.ts";
import { database } from "../../platform/postgres.ts";
import { sharedRun } from "../../platform/sharedRun.ts";
import { enqueueTasks } from "../../platform/taskQueue.ts";
import { webApplication } from "../../platform/webApplication.ts";
import { tick } from "./tick.ts";

// Calls that arrive during a tick share the next one. Anyone may call, so a call must not add a row: a tick is logged,
// not recorded as a run.
const tickNow = sharedRun(async () => tick({ db: await database(), enqueue: enqueueTasks }, new Date()));

/** Answers once the tick has ended, after a few milliseconds: nothing is left to do after the answer. */
const tickRoute = route({ callers: webApplication, summary: "starts what is due" }, async () => {
  await tickNow();
  return { status: 200, body: { message: "Scheduled" } };
});

export const paths: Paths = { "/": { GET: tickRoute, POST: tickRoute } };
