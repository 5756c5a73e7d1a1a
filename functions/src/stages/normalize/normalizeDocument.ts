import { type Firestore, Timestamp } from "firebase-admin/firestore";
import {
  extractByNewestMap,
  type FiledDocument,
  isFinal,
  isOwn,
  type ReadDocument,
  readFiled,
} from "../../domain/extraction/filedDocument.ts";
import { writeExtraction } from "../../domain/extraction/writeExtraction.ts";
import type { BlobStore } from "../../domain/rawDocument/blobStore.ts";
import { documentIdAt } from "../../domain/rawDocument/directDocument.ts";
import { type BegunRun, beginRun, endFailedRun } from "../../domain/rawDocument/documentRun.ts";
import {
  type DocumentOrigin,
  markFailed,
  markInterrupted,
  type NormalizedDocument,
} from "../../domain/rawDocument/rawDocumentState.ts";
import { recordDirect } from "../../domain/rawDocument/recordReceived.ts";
import { addLogIds, correlationOf } from "../../platform/logContext.ts";
import type { TransactionalDatabase } from "../../platform/postgres.ts";
import { createBatch } from "./batch.ts";

/** What normalizing needs of the outside. */
export interface NormalizeContext {
  readonly db: TransactionalDatabase;
  readonly firestore: Firestore;
  readonly blobStore: BlobStore;
  readonly now: Date;
}

/** How a run over a raw document ended. */
export type NormalizationOutcome =
  | ({ readonly state: "NORMALIZED" } & NormalizedDocument)
  | { readonly state: "FAILED"; readonly reason: string };

/**
 * Turns a raw document into values by its source's newest map, and hands over to stage 5. However often and at
 * however many places at once it runs, a document is normalized once; one that failed may be run again.
 *
 * @returns FAILED where trying again does not help by itself; the document is listed with its reason
 * @throws whatever may pass; the document is RECEIVED then, with that reason, until a later run ends
 */
export async function normalizeDocument(
  context: NormalizeContext,
  document: FiledDocument,
): Promise<NormalizationOutcome> {
  const { givenUp, isRecorded } = await begin(context, document);
  if (givenUp !== undefined) return { state: "FAILED", reason: givenUp };
  let origin = unreadOrigin(document);
  try {
    const read = await readFiled(document, context, isRecorded);
    origin = originOf(read);
    const { sourceId, companyId, taskId } = origin;
    addLogIds({
      correlation: correlationOf({ taskId, documentId: document.id }),
      task: taskId,
      source: sourceId,
      company: companyId,
    });
    const extracted = await extractByNewestMap(context.firestore, read);
    const normalized = await writeExtraction(context.db, extracted, context.now);
    await handOver(context, read, normalized);
    return { state: "NORMALIZED", ...normalized };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (isFinal(error)) {
      await markFailed(context.db, origin, reason, context.now);
      return { state: "FAILED", reason };
    }
    // Retries end some day; then the sweeper finds it. Where recording fails as well, the first error is the cause.
    await markInterrupted(context.db, origin, reason, context.now).catch(() => undefined);
    await endFailedRun(context.db, document.id, error).catch(() => undefined);
    throw error;
  }
}

/** A document that a module wrote itself gets its row here, so that its runs count from the first one. */
async function begin({ db, now }: NormalizeContext, document: FiledDocument): Promise<BegunRun> {
  const begun = await beginRun(db, document.id, "RECEIVED", now);
  if (begun.isRecorded || document.fields === undefined || isOwn(document)) return begun;
  await recordDirect(db, document, now);
  return beginRun(db, document.id, "RECEIVED", now);
}

/** {@link normalizeDocument} for a document that is known by its path. */
export async function normalizeAtPath(
  context: NormalizeContext,
  path: string,
): Promise<NormalizationOutcome> {
  const snapshot = await context.firestore.doc(path).get();
  return normalizeDocument(context, {
    id: documentIdAt(path),
    path,
    createdAt: snapshot.createTime?.toDate(),
    fields: snapshot.data(),
  });
}

function unreadOrigin({ id, path }: FiledDocument): DocumentOrigin {
  return { id, path, sourceId: null, companyId: null, taskId: null, observedAt: null, receivedAt: null };
}

/** What can be stored of what the document says: its company's number may be none of ours. */
function originOf(document: ReadDocument): DocumentOrigin {
  const { id, path, sourceId, companyId, taskId, observedAt, receivedAt } = document;
  const company = Number.isSafeInteger(companyId) ? companyId : null;
  return { id, path, sourceId, companyId: company, taskId, observedAt, receivedAt };
}

function handOver(
  { firestore, now }: NormalizeContext,
  { id, path, sourceId, companyId, taskId, observedAt }: ReadDocument,
  { mapVersion, valueCount }: NormalizedDocument,
): Promise<void> {
  return createBatch(firestore, {
    raw_document_id: id,
    raw_document_path: path,
    data_source_id: sourceId,
    company_id: companyId,
    task_id: taskId,
    observed_at: Timestamp.fromDate(observedAt),
    map_version: mapVersion,
    value_count: valueCount,
    created_at: Timestamp.fromDate(now),
  });
}
