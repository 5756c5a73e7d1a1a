import { basename } from "node:path/posix";
import { documentFunction } from "../../platform/documentFunction.ts";
import { addLogIds, correlationOf } from "../../platform/logContext.ts";

// By itself, because knowing of documents takes Firestore's client: the stage's other functions start without it.

/** Finds what is news in the values of a raw document. */
export const analyzeBatch = documentFunction(
  {
    name: "analyzeBatch",
    account: "analyze",
    document: "parma/analytics/batch/{rawDocumentId}",
    // Two of the largest documents, of 124,000 items each, take 800 MiB (test/memory).
    memory: "1GiB",
    // The largest document takes five seconds; those that wait before it come first.
    timeoutSeconds: 180,
    concurrency: 2,
    // Whether there is a language model: the news that it may put in better words are enqueued.
    maxInstances: 5,
    connections: 2,
    uses: ["analysis", "alerts", "language"],
  },
  async (event) => {
    const documentId = basename(event.document);
    const correlation = correlationOf({ taskId: event.data?.get("task_id"), documentId });
    addLogIds({ correlation, document: documentId });
    const { analyzeStored } = await import("./analyzeStored.ts");
    await analyzeStored(documentId);
  },
);
