import { onTaskDispatched } from "firebase-functions/tasks";
import { IN_EMULATOR, REGION } from "../../platform/config.ts";
import { endpoint } from "../../platform/http.ts";
import { addLogIds, correlationOf } from "../../platform/logContext.ts";
import { LANGUAGE_SECRETS } from "../../platform/secrets.ts";
import { runsAs } from "../../platform/serviceAccounts.ts";
import { taskHandler } from "../../platform/taskHandler.ts";

/** Analyzes a raw document whose event got lost. Task: `{ rawDocumentId }`. */
export const analyzeAgain = onTaskDispatched(
  {
    ...runsAs("analyze"),
    region: REGION,
    memory: "1GiB",
    timeoutSeconds: 180,
    concurrency: 2,
    retryConfig: { maxAttempts: 5, minBackoffSeconds: IN_EMULATOR ? 1 : 30, maxBackoffSeconds: 600 },
    // Leaves most of the connections to the documents that arrive.
    rateLimits: { maxConcurrentDispatches: 10 },
    secrets: [...LANGUAGE_SECRETS],
  },
  taskHandler(async (request) => {
    const { analyzeAgainPayload } = await import("../../domain/analysis/tasks.ts");
    const { analyzeStored } = await import("./analyzeStored.ts");
    const { rawDocumentId } = analyzeAgainPayload.parse(request.data);
    addLogIds({ correlation: correlationOf({ documentId: rawDocumentId }), document: rawDocumentId });
    await analyzeStored(rawDocumentId);
  }),
);

/** Makes the notification rules that come with the project. */
export const notificationRules = endpoint(
  "notificationRules",
  "/notification-rules",
  {
    ...runsAs("analyze"),
    memory: "256MiB",
    timeoutSeconds: 60,
    // Anyone may call it, and it must not cost much: it writes once, and reads one statement after that.
    concurrency: 10,
    maxInstances: 1,
  },
  async () => (await import("./notificationRules.ts")).paths,
);
