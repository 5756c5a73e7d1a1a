import { onDocumentCreated } from "firebase-functions/firestore";
import { REGION } from "../../platform/config.ts";
import { eventHandler } from "../../platform/eventHandler.ts";
import { addLogIds, correlationOf } from "../../platform/logContext.ts";
import { LANGUAGE_SECRETS } from "../../platform/secrets.ts";
import { runsAs } from "../../platform/serviceAccounts.ts";

// By itself, because knowing of documents takes Firestore's client: the stage's other functions start without it.

/** Finds what is news in the values of a raw document. */
export const analyzeBatch = onDocumentCreated(
  {
    ...runsAs("analyze"),
    document: "parma/analytics/batch/{rawDocumentId}",
    region: REGION,
    // All that a run does is written in one transaction or enqueued under fixed ids: it may be tried again for a day.
    retry: true,
    // 45,000 values, and those of the document before, take 400 MB.
    memory: "1GiB",
    // The largest document takes five seconds; those that wait before it come first.
    timeoutSeconds: 180,
    // Two of the largest documents fit the memory.
    concurrency: 2,
    // A run uses one connection to PostgreSQL, and waits with it for others about the same company and source.
    maxInstances: 20,
    // Whether there is a language model: the news that it may put in better words are enqueued.
    secrets: [...LANGUAGE_SECRETS],
  },
  eventHandler(async (event) => {
    const documentId = event.params.rawDocumentId;
    const correlation = correlationOf({ taskId: event.data?.get("task_id"), documentId });
    addLogIds({ correlation, document: documentId });
    const { analyzeStored } = await import("./analyzeStored.ts");
    await analyzeStored(documentId);
  }),
);
