import { httpFunction } from "../../platform/http.ts";

/** Starts due tasks when the web application or an operator asks for it. */
export const schedule = httpFunction(
  {
    name: "schedule",
    account: "schedule",
    memory: "256MiB",
    timeoutSeconds: 60,
    // Anyone may call it, so it must be cheap: concurrent calls share ticks, in this one instance.
    concurrency: 80,
    maxInstances: 1,
    connections: 2,
    uses: ["webApplication"],
    path: "/schedule",
  },
  async () => (await import("./schedule.ts")).paths,
);
