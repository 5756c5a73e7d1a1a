import { createHash } from "node:crypto";
import { BlobNotFoundError, type BlobStore } from "./blobStore.ts";
import { isRawObject, parseLosslessJson, type RawObject, type RawValue } from "./losslessJson.ts";
import { type RawDocumentData, rawDocument } from "./rawDocument.ts";

/** A raw document, as stage 4 reads it. */
export interface RawDocument {
  readonly sourceId: number;
  readonly sourceName: string;
  readonly companyId: number;
  readonly taskId: number | null;
  readonly attempt: number | null;
  readonly observedAt: Date;
  readonly receivedAt: Date;
  readonly rawData: RawObject;
}

/** A raw document that is not to be read, and will not be by trying again. */
export class InvalidRawDocumentError extends Error {
  override readonly name = "InvalidRawDocumentError";
}

/**
 * Reads a raw document's fields, and its answer from the map or the blob.
 *
 * @throws InvalidRawDocumentError where it can never be read; any other error may pass
 */
export async function readRawDocument(fields: unknown, blobStore: BlobStore): Promise<RawDocument> {
  const parsed = rawDocument.safeParse(fields);
  if (!parsed.success) {
    const where = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
    throw new InvalidRawDocumentError(`The raw document is not one: ${where}`, { cause: parsed.error });
  }
  const document = parsed.data;
  if (document.late !== undefined) throw new InvalidRawDocumentError(document.late);
  return {
    sourceId: document.source_id,
    sourceName: document.source_name,
    companyId: Number(document.company_id),
    taskId: document.task_id,
    attempt: document.attempt,
    observedAt: document.observed_at.toDate(),
    receivedAt: document.received_at.toDate(),
    rawData: document.content ? await answerInBlob(document.content, blobStore) : answerInMap(document.data),
  };
}

function answerInMap(data: RawDocumentData["data"]): RawObject {
  if (data === null) throw new InvalidRawDocumentError("The raw document has neither data nor content");
  if (!isRaw(data))
    throw new InvalidRawDocumentError("The raw document's data holds what JSON does not know");
  return data;
}

/** Firestore's own kinds of values (timestamps, references, bytes) are in no raw answer. */
function isRaw(value: unknown): value is RawObject {
  if (!isRawObject(value)) return false;
  const open: object[] = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (!Array.isArray(next) && Object.getPrototypeOf(next) !== Object.prototype) return false;
    for (const inner of Object.values(next)) {
      if (typeof inner === "object" && inner !== null) open.push(inner);
    }
  }
  return true;
}

async function answerInBlob(
  content: NonNullable<RawDocumentData["content"]>,
  blobStore: BlobStore,
): Promise<RawObject> {
  let bytes: Uint8Array;
  try {
    bytes = await blobStore.read(content.blob);
  } catch (error) {
    if (!(error instanceof BlobNotFoundError)) throw error;
    throw new InvalidRawDocumentError(`The raw document's content is gone: ${error.message}`, {
      cause: error,
    });
  }
  if (createHash("sha256").update(bytes).digest("hex") !== content.sha256) {
    throw new InvalidRawDocumentError(`The raw document's content ${content.blob} was changed`);
  }
  const feed: RawValue = parseLosslessJson(new TextDecoder().decode(bytes)).value;
  const rawData = isRawObject(feed) ? feed.raw_data : undefined;
  if (!isRawObject(rawData)) {
    throw new InvalidRawDocumentError(`The raw document's content ${content.blob} has no raw_data`);
  }
  return rawData;
}
