import { onTaskDispatched } from "firebase-functions/tasks";
import { IN_EMULATOR, REGION } from "../../platform/config.ts";
import { runsAs } from "../../platform/serviceAccounts.ts";
import { taskHandler } from "../../platform/taskHandler.ts";

/** Runs a raw document again that failed, or whose event got lost. Task: `{ path }`, the document's path in Firestore. */
export const normalizeAgain = onTaskDispatched(
  {
    ...runsAs("normalize"),
    region: REGION,
    memory: "1GiB",
    timeoutSeconds: 180,
    concurrency: 2,
    retryConfig: { maxAttempts: 5, minBackoffSeconds: IN_EMULATOR ? 1 : 30, maxBackoffSeconds: 600 },
    // Leaves most of the connections to the documents that arrive.
    rateLimits: { maxConcurrentDispatches: 10 },
  },
  taskHandler(async (request) => {
    const { normalizeAtPath } = await import("./normalizeDocument.ts");
    const { normalizeAgainPayload } = await import("../../domain/rawDocument/normalizeAgainTask.ts");
    const { normalizeStored } = await import("./normalizeStored.ts");
    const { path } = normalizeAgainPayload.parse(request.data);
    const documentId = path.slice(path.lastIndexOf("/") + 1);
    await normalizeStored(documentId, (context) => normalizeAtPath(context, path));
  }),
);
