import { type Paths, route } from "../../platform/http.ts";
import { database } from "../../platform/postgres.ts";
import { sharedRun } from "../../platform/sharedRun.ts";
import { enqueueTasks } from "../../platform/taskQueue.ts";
import { webApplication } from "../../platform/webApplication.ts";
import { tick } from "./tick.ts";

// Calls that arrive during a tick share the next one. No run is recorded: the log has what a tick did, and anyone may
// ask for one, which must not add a row.
const tickNow = sharedRun(async () => tick({ db: await database(), enqueue: enqueueTasks }, new Date()));

/** Ticks, and answers when the tick has ended: a few milliseconds, and nothing is left to do after the answer. */
const tickRoute = route({ callers: webApplication, summary: "starts what is due" }, async () => {
  await tickNow();
  return { status: 200, body: { message: "Scheduled" } };
});

export const paths: Paths = { "/": { GET: tickRoute, POST: tickRoute } };
