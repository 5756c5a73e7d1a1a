import { onDocumentCreated } from "firebase-functions/firestore";
import { onTaskDispatched } from "firebase-functions/tasks";
import { IN_EMULATOR, REGION } from "../platform/config.ts";
import { eventHandler, taskHandler } from "../platform/handlers.ts";
import { logEvent } from "../platform/log.ts";
import { addLogIds, correlationOf } from "../platform/logContext.ts";
import { runsAs } from "../platform/serviceAccounts.ts";
import type { Outcome } from "./normalizeDocument.ts";

/** Turns a new raw document into values. */
export const normalizeRawData = onDocumentCreated(
  {
    ...runsAs("normalize"),
    document: "parma/mining/datasource/{source}/raw_data/{documentId}",
    region: REGION,
    // What may pass is tried again with back-off for a day; the rest does not throw.
    retry: true,
    // A raw answer of 20 MB takes some 400 MB while it is read and written.
    memory: "1GiB",
    // The largest document takes about 20 s; a database that is busy may take a minute for a statement.
    timeoutSeconds: 180,
    // Two of the largest documents fit the memory.
    concurrency: 2,
    // A run uses one connection to PostgreSQL: 80 at most. A day's mining that arrives at once waits here.
    maxInstances: 40,
  },
  eventHandler(async (event) => {
    const { normalizeDocument } = await import("./normalizeDocument.ts");
    const { firestore } = await import("../platform/firebase.ts");
    // The event carries the document, but for one that is too large for an event.
    const snapshot = event.data ?? (await firestore().doc(event.document).get());
    const path = event.document;
    const document = { id: event.params.documentId, path, fields: snapshot.data() };
    await logged(document.id, async () => normalizeDocument(await context(), document));
  }),
);

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
    const { normalizeAgainPayload } = await import("./normalizeAgainTask.ts");
    const { path } = normalizeAgainPayload.parse(request.data);
    await logged(path.slice(path.lastIndexOf("/") + 1), async () => normalizeAtPath(await context(), path));
  }),
);

/** Logs how a document ended. One that failed waits for an operator. */
async function logged(documentId: string, work: () => Promise<Outcome>): Promise<void> {
  const begunAt = performance.now();
  addLogIds({ correlation: correlationOf({ documentId }), document: documentId });
  const outcome = await work();
  const durationMs = Math.round(performance.now() - begunAt);
  if (outcome.state === "FAILED") {
    logEvent("document_failed", { reason: outcome.reason, durationMs });
  } else {
    const { mapVersion, valueCount, issueCount } = outcome;
    logEvent("document_normalized", { mapVersion, values: valueCount, issues: issueCount, durationMs });
  }
}

async function context() {
  const { database } = await import("../platform/postgres.ts");
  const { firestore } = await import("../platform/firebase.ts");
  const { blobStore } = await import("../platform/blobStore.ts");
  return { db: await database(), firestore: firestore(), blobStore: blobStore(), now: new Date() };
}
