import { httpFunction } from "../../platform/http.ts";
import { addLogIds, correlationOf } from "../../platform/logContext.ts";
import { taskFunction } from "../../platform/taskFunction.ts";

/** Analyzes a raw document whose event got lost. Task: `{ rawDocumentId }`. */
export const analyzeAgain = taskFunction(
  {
    name: "analyzeAgain",
    account: "analyze",
    memory: "1GiB",
    timeoutSeconds: 180,
    concurrency: 2,
    retry: { attempts: 5, minBackoff: 30, maxBackoff: 600 },
    dispatches: { atOnce: 2 },
    maxInstances: 1,
    connections: 2,
    uses: ["analysis", "alerts", "language"],
  },
  async (request) => {
    const { analyzeAgainPayload } = await import("../../domain/analysis/tasks.ts");
    const { analyzeStored } = await import("./analyzeStored.ts");
    const { rawDocumentId } = analyzeAgainPayload.parse(request.data);
    addLogIds({ correlation: correlationOf({ documentId: rawDocumentId }), document: rawDocumentId });
    await analyzeStored(rawDocumentId);
  },
);

/** Makes the notification rules that come with the project. */
export const notificationRules = httpFunction(
  {
    name: "notificationRules",
    account: "analyze",
    memory: "256MiB",
    timeoutSeconds: 60,
    // Anyone may call it, and it must not cost much: it writes once, and reads one statement after that.
    concurrency: 10,
    maxInstances: 1,

    connections: 1,
    path: "/notification-rules",
  },
  async () => (await import("./notificationRules.ts")).paths,
);
