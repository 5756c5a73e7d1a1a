import type { Firestore } from "firebase-admin/firestore";
import { z } from "zod";
import { judgeAgain } from "../../../domain/analysis/judgeAgain.ts";
import { lockSeries } from "../../../domain/analysis/pendingDocument.ts";
import { scoreCommentsTask } from "../../../domain/analysis/tasks.ts";
import { extractByNewestMap, isFinal, readFiled } from "../../../domain/extraction/filedDocument.ts";
import { type ExtractedDocument, replaceExtraction } from "../../../domain/extraction/writeExtraction.ts";
import type { BlobStore } from "../../../domain/rawDocument/blobStore.ts";
import { normalizeAgainTask } from "../../../domain/rawDocument/normalizeAgainTask.ts";
import { errorText } from "../../../platform/errorText.ts";
import { logEvent } from "../../../platform/log.ts";
import { withLogIds } from "../../../platform/logContext.ts";
import { type Database, selectRow, type TransactionalDatabase } from "../../../platform/postgres.ts";
import type { EnqueueTasks, Task } from "../../../platform/taskQueue.ts";
import { type ProcessAgainPayload, processAgainTask } from "./backfill.ts";
import {
  advance,
  beginNext,
  lockProgress,
  type NextDocument,
  recordError,
  recordFailure,
} from "./companyProgress.ts";

/** What processing again needs of the outside. */
export interface ProcessAgainContext {
  readonly db: TransactionalDatabase;
  readonly firestore: Firestore;
  readonly blobStore: BlobStore;
  readonly enqueue: EnqueueTasks;
  readonly clock: () => Date;
}

// A task that is under way for longer hands over to the next: the largest document takes 20 s, and a task is given up
// after nine minutes.
const BUDGET_MS = 4 * 60_000;

/**
 * Processes a company's raw documents of a backfill again, from where it has come to, the oldest first. Of each the old
 * values and issues are replaced by what the newest map makes of it, in one transaction that also moves the company
 * on: after a crash there are either the old ones or the new ones, and the next delivery goes on. It is silent: news,
 * findings and messages are neither repeated nor made. What failed before, or was never run, runs as a new document.
 */
export async function processAgain(
  context: ProcessAgainContext,
  payload: ProcessAgainPayload,
): Promise<void> {
  const { db, enqueue, clock } = context;
  const until = clock().getTime() + BUDGET_MS;
  for (;;) {
    const now = clock();
    const next = await beginNext(db, payload, now);
    if (next === undefined) return;
    if (now.getTime() > until) {
      await enqueue("processAgain", [processAgainTask(payload, now.getTime())]);
      return;
    }
    await withLogIds({ document: next.id }, () => processNext(context, next, now));
  }
}

/** How often a document is begun. */
const ATTEMPTS = 5;

async function processNext(context: ProcessAgainContext, next: NextDocument, now: Date): Promise<void> {
  if (next.attempt > ATTEMPTS) {
    await fail(
      context,
      next,
      `Tried ${ATTEMPTS} times; ${next.lastError ?? "its process ended each time"}`,
      now,
    );
    return;
  }
  try {
    if (next.state === "RECEIVED" || next.state === "FAILED") await runAsNew(context, next, now);
    else await replace(context, next, now);
  } catch (error) {
    if (isFinal(error)) {
      await fail(context, next, errorText(error), now);
      return;
    }
    await recordError(context.db, next, errorText(error)).catch(() => undefined);
    throw error;
  }
}

async function fail(
  { db }: ProcessAgainContext,
  next: NextDocument,
  reason: string,
  now: Date,
): Promise<void> {
  const done = await db.transaction(async (connection) => {
    if (!(await lockProgress(connection, next))) return false;
    await recordFailure(connection, next, reason);
    await advance(connection, next, "failed", now);
    return true;
  });
  if (done) logEvent("document_processed_again", { state: "FAILED", reason });
}

const RECEIVE_AGAIN = `
  update pipeline.raw_document
     set state = 'RECEIVED', state_since = $2, attempt = 0, last_tried_at = null
   where id = $1 and state = 'FAILED'`;

async function runAsNew({ db, enqueue }: ProcessAgainContext, next: NextDocument, now: Date): Promise<void> {
  const done = await db.transaction(async (connection) => {
    if (!(await lockProgress(connection, next))) return false;
    await connection.query(RECEIVE_AGAIN, [next.id, now]);
    await advance(connection, next, "runAsNew", now);
    return true;
  });
  if (!done) return;
  // If one is lost on its way to the queue, the sweep finds it: it is RECEIVED.
  await enqueue("normalizeAgain", [normalizeAgainTask(next, now.getTime())]);
  logEvent("document_processed_again", { state: "RECEIVED" });
}

async function replace(context: ProcessAgainContext, next: NextDocument, now: Date): Promise<void> {
  const { db, firestore, blobStore, enqueue } = context;
  const snapshot = await firestore.doc(next.path).get();
  const filed = {
    id: next.id,
    path: next.path,
    createdAt: snapshot.createTime?.toDate(),
    fields: snapshot.data(),
  };
  const read = await readFiled(filed, { db, blobStore }, true);
  const extracted = await extractByNewestMap(firestore, read);
  const replaced = await db.transaction((connection) => replaceAll(connection, { next, extracted }, now));
  if (replaced === undefined) return;
  await enqueue("scoreComments", replaced.scores);
  const { state, values, issues } = replaced;
  logEvent("document_processed_again", { state, values, issues, mapVersion: extracted.mapVersion });
}

const documentRow = z.object({
  dataSourceId: z.int(),
  companyId: z.int(),
  observedAt: z.date(),
  subject: z.string(),
  state: z.enum(["NORMALIZED", "ANALYZED", "DATA_PROBLEM"]),
});

const LOCK_DOCUMENT = `
  select data_source_id, company_id, observed_at, subject, state
    from pipeline.raw_document
   where id = $1 and state in ('NORMALIZED', 'ANALYZED', 'DATA_PROBLEM')
     and removed_at is null and values_removed_at is null
     for no key update`;

/** @returns undefined if another process did the document, or if it changed: then it is begun again as it is now */
async function replaceAll(
  connection: Database,
  { next, extracted }: { readonly next: NextDocument; readonly extracted: ExtractedDocument },
  now: Date,
) {
  if (!(await lockProgress(connection, next))) return undefined;
  await lockSeries(connection, { sourceId: extracted.document.sourceId, companyId: next.companyId });
  const row = await selectRow(connection, documentRow, LOCK_DOCUMENT, [next.id]);
  if (row === undefined) return undefined;
  const {
    valueCount: values,
    issueCount: issues,
    changed,
  } = await replaceExtraction(connection, extracted, now);
  const { state, subject } = row;
  const scores: Task[] = [];
  // One that is not analyzed yet is analyzed in its own time, with news.
  if (state !== "NORMALIZED") {
    const { id, companyId, observedAt } = next;
    const { lists } = extracted.extraction;
    const sourceId = row.dataSourceId;
    const document = { id, sourceId, companyId, observedAt, state, subject, lists, issueCount: issues };
    const hasUnscored = await judgeAgain(connection, document, changed, now);
    const task = scoreCommentsTask(id);
    if (hasUnscored) scores.push({ ...task, id: `${task.id}-backfill-${next.backfillId}` });
  }
  await advance(connection, next, "replaced", now);
  return { state, values, issues, scores };
}
