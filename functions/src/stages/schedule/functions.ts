import { httpFunction } from "../../platform/http.ts";

/** Starts what is due, when the web application or an operator asks for it. */
export const schedule = httpFunction(
  {
    name: "schedule",
    account: "schedule",
    memory: "256MiB",
    timeoutSeconds: 60,
    // Anyone may call it, and it must not cost much: calls at once share ticks, in these instances.
    concurrency: 80,
    maxInstances: 1,

    connections: 2,
    uses: ["webApplication"],
    path: "/schedule",
  },
  async () => (await import("./schedule.ts")).paths,
);
