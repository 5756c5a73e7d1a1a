import {
  nextPending,
  type PendingDocument,
  peekPending,
  readAnalysis,
} from "../../domain/analysis/pendingDocument.ts";
import { improveNewsTask, scoreCommentsTask } from "../../domain/analysis/tasks.ts";
import { beginRun, endFailedRun } from "../../domain/rawDocument/documentRun.ts";
import { logError, logEvent } from "../../platform/log.ts";
import { correlationOf, withLogIds } from "../../platform/logContext.ts";
import type { TransactionalDatabase } from "../../platform/postgres.ts";
import type { EnqueueTasks } from "../../platform/taskQueue.ts";
import { type AnalysisSettings, type AnalyzedDocument, analyzeDocument } from "./analyzeDocument.ts";

/** What the analysis needs of the outside. */
export interface AnalyzeContext {
  readonly db: TransactionalDatabase;
  readonly enqueue: EnqueueTasks;
  readonly settings: AnalysisSettings;
  /** Whether there is a language model to put news in better words. */
  readonly improvesNews: boolean;
  readonly now: Date;
}

/**
 * Analyzes a raw document whose values are stored. Those of the same company and source that were observed before it
 * and wait as well come first, so that series are judged in the order of time, in whatever order documents arrive.
 * However often and at however many places at once it runs, a document is analyzed once, and what follows has been
 * enqueued when it resolves.
 */
export async function analyzeBatch(context: AnalyzeContext, rawDocumentId: string): Promise<void> {
  const failed: string[] = [];
  let taken: string | undefined;
  do {
    taken = await analyzeNext(context, rawDocumentId, failed);
  } while (taken !== undefined && taken !== rawDocumentId);
  await enqueueFollowing(context, rawDocumentId);
}

/** Analyzes the next document that waits. @returns its id; undefined where none is left */
async function analyzeNext(
  { db, enqueue, settings, now }: AnalyzeContext,
  rawDocumentId: string,
  failed: string[],
): Promise<string | undefined> {
  const begunAt = performance.now();
  let current: string | undefined;
  try {
    const next = await peekPending(db, rawDocumentId, failed);
    if (next === undefined) return undefined;
    const { givenUp } = await beginRun(db, next, "NORMALIZED", now);
    if (givenUp !== undefined) {
      logEvent("document_failed", { document: next, reason: givenUp });
      return next;
    }
    const analyzed = await db.transaction(async (connection) => {
      const document = await nextPending(connection, rawDocumentId, failed);
      current = document?.id;
      return document && { document, ...(await analyzeDocument(connection, document, settings, now)) };
    });
    if (analyzed !== undefined) await handOver(enqueue, analyzed, performance.now() - begunAt);
    return current;
  } catch (error) {
    if (current !== undefined) await endFailedRun(db, current, error).catch(() => undefined);
    // An earlier document that cannot be analyzed does not stop this one; its own event tries it again.
    if (current === undefined || current === rawDocumentId) throw error;
    logError("An earlier document could not be analyzed and is passed over", error, { document: current });
    failed.push(current);
    return current;
  }
}

/** Enqueues the messages, and logs them under the run that the document came of: it may be another's than ours. */
async function handOver(
  enqueue: EnqueueTasks,
  { document, state, findingCount, deliveries }: AnalyzedDocument & { readonly document: PendingDocument },
  durationMs: number,
): Promise<void> {
  const { id, sourceId, companyId, taskId } = document;
  const correlation = correlationOf({ taskId, documentId: id });
  await withLogIds({ correlation, document: id, source: sourceId, company: companyId }, async () => {
    // One that gets lost between here and the queue is found by the sweeper.
    await enqueue("deliver", deliveries);
    logEvent("document_analyzed", {
      state,
      findings: findingCount,
      deliveries: deliveries.length,
      durationMs: Math.round(durationMs),
    });
  });
}

async function enqueueFollowing(
  { db, enqueue, improvesNews }: AnalyzeContext,
  rawDocumentId: string,
): Promise<void> {
  const analysis = await readAnalysis(db, rawDocumentId);
  if (analysis === undefined) return;
  if (analysis.commentCount > 0) await enqueue("scoreComments", [scoreCommentsTask(rawDocumentId)]);
  if (improvesNews) await enqueue("improveNews", analysis.newsIds.map(improveNewsTask));
}
