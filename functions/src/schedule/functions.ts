import { onSchedule } from "firebase-functions/scheduler";
import { REGION } from "../platform/config.ts";
import { endpoint } from "../platform/http.ts";

/** Starts what is due, every half an hour. */
export const scheduleTick = onSchedule(
  {
    schedule: "0,30 * * * *",
    timeZone: "Etc/UTC",
    region: REGION,
    memory: "256MiB",
    // A tick takes well under a second; enqueuing 10,000 tasks takes about a minute.
    timeoutSeconds: 180,
    // The next tick does what this one could not.
    retryCount: 1,
  },
  async () => {
    const { tickNow } = await import("./tickNow.ts");
    const { logInfo } = await import("../platform/log.ts");
    logInfo("Tick", { ...(await tickNow()) });
  },
);

/** The same, asked for by the web application or an operator. */
export const schedule = endpoint(
  "schedule",
  "/schedule",
  {
    memory: "256MiB",
    timeoutSeconds: 60,
    // Anyone may call it, and it must not cost much: calls at once share ticks, in these instances.
    concurrency: 80,
    maxInstances: 2,
  },
  async () => (await import("./schedule.ts")).paths,
);
