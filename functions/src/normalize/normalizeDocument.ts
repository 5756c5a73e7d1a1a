import { type Firestore, Timestamp } from "firebase-admin/firestore";
import { newestMap, UnreadableMapError } from "../normalizationMap/mapStore.ts";
import type { BlobStore } from "../platform/blobStore.ts";
import { addLogIds, correlationOf } from "../platform/logContext.ts";
import type { TransactionalDatabase } from "../platform/postgres.ts";
import {
  InvalidRawDocumentError,
  type RawDocument,
  readRawDocument,
} from "../rawDocument/readRawDocument.ts";
import { createBatch } from "./batch.ts";
import { CannotNormalizeError } from "./cannotNormalizeError.ts";
import { extractValues } from "./extractValues.ts";
import {
  type DocumentOrigin,
  markFailed,
  markInterrupted,
  type NormalizedDocument,
} from "./rawDocumentState.ts";
import { type ExtractedDocument, writeExtraction } from "./writeExtraction.ts";

/** What normalizing needs of the outside. */
export interface NormalizeContext {
  readonly db: TransactionalDatabase;
  readonly firestore: Firestore;
  readonly blobStore: BlobStore;
  readonly now: Date;
}

/** A raw document as Firestore has it. */
export interface FiledDocument {
  readonly id: string;
  readonly path: string;
  /** Undefined where there is none. */
  readonly fields: unknown;
}

/** How a run over a raw document ended. */
export type Outcome =
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
): Promise<Outcome> {
  let origin = unreadOrigin(document);
  try {
    const read = await readFiled(document, context.blobStore);
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
    throw error;
  }
}

/** {@link normalizeDocument} for a document that is known by its path. */
export async function normalizeAtPath(context: NormalizeContext, path: string): Promise<Outcome> {
  const snapshot = await context.firestore.doc(path).get();
  return normalizeDocument(context, { id: snapshot.id, path, fields: snapshot.data() });
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

/** A raw document that was read. */
export type ReadDocument = RawDocument & Pick<FiledDocument, "id" | "path">;

/**
 * Reads a raw document as Firestore has it.
 *
 * @throws InvalidRawDocumentError, CannotNormalizeError where it can never be read; any other error may pass
 */
export async function readFiled(document: FiledDocument, blobStore: BlobStore): Promise<ReadDocument> {
  if (document.fields === undefined) throw new CannotNormalizeError("The raw document is not in Firestore");
  const { id, path } = document;
  return { id, path, ...(await readRawDocument(document.fields, blobStore)) };
}

/**
 * What the newest map of its source makes of a raw document.
 *
 * @throws CannotNormalizeError, UnreadableMapError where there is no map to read it by
 */
export async function extractByNewestMap(
  firestore: Firestore,
  document: ReadDocument,
): Promise<ExtractedDocument> {
  const newest = await newestMap(firestore, document.sourceId);
  if (newest === undefined) {
    throw new CannotNormalizeError(
      `Data source ${document.sourceId} has no normalization map: its handshake has not succeeded yet`,
    );
  }
  return {
    document,
    mapVersion: newest.version,
    extraction: extractValues(newest.map, document.rawData),
  };
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

// PostgreSQL's classes "data exception" and "program limit exceeded": the same document meets them again.
const FINAL_STATES = /^(22|54)/;

/** Whether a document that met this error meets it again, however often it is tried. */
export function isFinal(error: unknown): boolean {
  return (
    error instanceof InvalidRawDocumentError ||
    error instanceof UnreadableMapError ||
    error instanceof CannotNormalizeError ||
    (error instanceof Error &&
      "code" in error &&
      typeof error.code === "string" &&
      error.code.length === 5 &&
      FINAL_STATES.test(error.code))
  );
}
