import { createHash } from "node:crypto";
import { type DocumentReference, type Firestore, Timestamp } from "firebase-admin/firestore";
import { isAlreadyThere } from "../../platform/errorCode.ts";
import { logEvent } from "../../platform/log.ts";
import { correlationOf } from "../../platform/logContext.ts";
import type { Database } from "../../platform/postgres.ts";
import type { BlobStore } from "./blobStore.ts";
import { rawDocumentCollection } from "./collections.ts";
import { firestoreObstacle } from "./firestoreFit.ts";
import { lateReason } from "./lateFeed.ts";
import type { RawObject } from "./losslessJson.ts";
import type { RawDocumentData } from "./rawDocument.ts";
import { canonicalJson, rawDocumentId } from "./rawDocumentId.ts";
import { recordReceived } from "./recordReceived.ts";
import { contentFolder, removeRawDocuments } from "./removeRawDocuments.ts";

/** One raw answer of a source about a company, on its way into Firestore. */
export interface NewRawDocument {
  readonly source: { readonly id: number; readonly name: string };
  readonly companyId: number;
  readonly taskId?: number | undefined;
  readonly attempt?: number | undefined;
  readonly rawData: RawObject;
  /** The feed, `{"raw_data": …}`, as it came; a module inside this project sends none. */
  readonly feed?: { readonly text: string; readonly loss?: string | undefined } | undefined;
  /** When it was observed, where that is known. */
  readonly observedAt?: Date | undefined;
  readonly now: Date;
}

export interface StoredRawDocument {
  readonly id: string;
  readonly path: string;
  /** False where the same answer was there already. */
  readonly created: boolean;
}

/** Where raw answers are kept, and where it is kept track of them. */
export interface RawDocumentStores {
  readonly db: Database;
  readonly firestore: Firestore;
  readonly blobStore: BlobStore;
}

/**
 * Files a raw answer, durably. Filing the same answer again changes nothing. What comes too late is kept with its
 * reason; normalizing fails it.
 *
 * @throws CompanyErasedError where its company is being erased, or was; then nothing is kept
 */
export async function storeRawDocument(
  { db, firestore, blobStore }: RawDocumentStores,
  input: NewRawDocument,
): Promise<StoredRawDocument> {
  const late = await lateReason(db, input);
  const lateAttempt = late === undefined ? undefined : (input.attempt ?? 0);
  const id = rawDocumentId({ ...input, lateAttempt, sourceId: input.source.id, receivedAt: input.now });
  const document = firestore.collection(rawDocumentCollection(input.source.name)).doc(id);
  const content = await keepOutside(blobStore, id, input);
  const created = await create(document, {
    ...documentOf(input, content),
    ...(late === undefined ? {} : { late }),
  });
  const stored = { id, path: document.path, created };
  if (!(await recordReceived(db, stored, input))) {
    await removeRawDocuments({ firestore, blobStore }, [stored]);
    throw new CompanyErasedError(input.companyId);
  }
  logEvent("document_stored", {
    correlation: correlationOf({ taskId: input.taskId, documentId: id }),
    task: input.taskId,
    document: id,
    source: input.source.id,
    company: input.companyId,
    created,
    outside: content?.bytes,
    late,
  });
  return stored;
}

/** @returns false where the document is there already */
async function create(document: DocumentReference, fields: RawDocumentData): Promise<boolean> {
  try {
    await document.create(fields);
    return true;
  } catch (error) {
    if (!isAlreadyThere(error)) throw error;
    return false;
  }
}

/**
 * Writes the answer to the blob store if Firestore cannot hold it; before the document, so that a document never
 * names a blob that is not there. The blob's name ends in its content's: what a document names never changes.
 */
async function keepOutside(
  blobStore: BlobStore,
  id: string,
  { source, companyId, rawData, feed }: NewRawDocument,
): Promise<RawDocumentData["content"]> {
  const obstacle = feed?.loss ?? firestoreObstacle(rawData);
  if (obstacle === undefined) return undefined;
  const bytes = Buffer.from(feed?.text ?? canonicalJson({ raw_data: rawData }));
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const blob = `${contentFolder({ id, sourceId: source.id, companyId })}/${sha256}.json`;
  await blobStore.write(blob, bytes);
  return { blob, bytes: bytes.byteLength, sha256, reason: obstacle };
}

function documentOf(input: NewRawDocument, content: RawDocumentData["content"]): RawDocumentData {
  return {
    company_id: String(input.companyId),
    data: content === undefined ? input.rawData : null,
    ...(content === undefined ? {} : { content }),
    mining_trigger: input.taskId === undefined ? null : String(input.taskId),
    status: "received",
    source_id: input.source.id,
    source_name: input.source.name,
    task_id: input.taskId ?? null,
    attempt: input.attempt ?? null,
    received_at: Timestamp.fromDate(input.now),
    observed_at: Timestamp.fromDate(input.observedAt ?? input.now),
  };
}

/** The company is being erased, or was: nothing about it is taken in any more. */
export class CompanyErasedError extends Error {
  override readonly name = "CompanyErasedError";

  constructor(companyId: number) {
    super(`Company ${companyId} is erased`);
  }
}
