import { blobStore } from "../../adapters/blobStore.ts";
import { firestore } from "../../platform/firebase.ts";
import { logEvent } from "../../platform/log.ts";
import { addLogIds, correlationOf } from "../../platform/logContext.ts";
import { database } from "../../platform/postgres.ts";
import type { NormalizationOutcome, NormalizeContext } from "./normalizeDocument.ts";

/** Normalizes with what this process is configured with, and logs how it ended. What failed waits for an operator. */
export async function normalizeStored(
  documentId: string,
  normalize: (context: NormalizeContext) => Promise<NormalizationOutcome>,
): Promise<void> {
  const begunAt = performance.now();
  addLogIds({ correlation: correlationOf({ documentId }), document: documentId });
  const db = await database();
  const outcome = await normalize({ db, firestore: firestore(), blobStore: blobStore(), now: new Date() });
  const durationMs = Math.round(performance.now() - begunAt);
  if (outcome.state === "FAILED") {
    logEvent("document_failed", { reason: outcome.reason, durationMs });
  } else {
    const { mapVersion, valueCount, issueCount } = outcome;
    logEvent("document_normalized", { mapVersion, values: valueCount, issues: issueCount, durationMs });
  }
}
