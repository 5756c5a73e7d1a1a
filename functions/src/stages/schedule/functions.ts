import { endpoint } from "../../platform/http.ts";
import { runsAs } from "../../platform/serviceAccounts.ts";

/** Starts what is due, when the web application or an operator asks for it. */
export const schedule = endpoint(
  "schedule",
  "/schedule",
  {
    ...runsAs("schedule"),
    memory: "256MiB",
    timeoutSeconds: 60,
    // Anyone may call it, and it must not cost much: calls at once share ticks, in these instances.
    concurrency: 80,
    maxInstances: 2,
  },
  async () => (await import("./schedule.ts")).paths,
);
