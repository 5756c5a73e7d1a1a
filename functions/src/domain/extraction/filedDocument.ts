import type { Firestore } from "firebase-admin/firestore";
import type { Database } from "../../platform/postgres.ts";
import { newestMap, UnreadableMapError } from "../normalizationMap/mapStore.ts";
import type { BlobStore } from "../rawDocument/blobStore.ts";
import { readDirectDocument, sourceOf } from "../rawDocument/directDocument.ts";
import { rawDocument } from "../rawDocument/rawDocument.ts";
import {
  InvalidRawDocumentError,
  type RawDocument,
  readRawDocument,
} from "../rawDocument/readRawDocument.ts";
import { extractValues } from "./extractValues.ts";
import type { ExtractedDocument } from "./writeExtraction.ts";

/** A raw document as Firestore has it. */
export interface FiledDocument {
  readonly id: string;
  readonly path: string;
  /** When Firestore took it. */
  readonly createdAt?: Date | undefined;
  /** Undefined where there is none. */
  readonly fields: unknown;
}

/** A raw document that was read. */
export type ReadDocument = RawDocument & Pick<FiledDocument, "id" | "path">;

/**
 * Whether this backend filed it, by its fields: a module with admin rights may write a document itself.
 */
export function isOwn({ fields }: FiledDocument): boolean {
  return rawDocument.safeParse(fields).success;
}

/**
 * Reads a raw document as Firestore has it, whoever wrote it there.
 *
 * @param isRecorded whether its row is there: then its source is known, whatever the path is called by now
 * @throws InvalidRawDocumentError, CannotNormalizeError where it can never be read; any other error may pass
 */
export async function readFiled(
  document: FiledDocument,
  { db, blobStore }: { readonly db: Database; readonly blobStore: BlobStore },
  isRecorded: boolean,
): Promise<ReadDocument> {
  const { id, path, fields, createdAt } = document;
  if (fields === undefined) throw new CannotNormalizeError("The raw document is not in Firestore");
  if (!isOwn(document)) {
    return {
      id,
      path,
      ...(await readDirectDocument(db, { path, fields, createdAt: createdAt ?? new Date(0) })),
    };
  }
  const read = await readRawDocument(fields, blobStore);
  if (!isRecorded) await sourceOf(db, path, { sourceId: read.sourceId, taskId: undefined });
  return { id, path, ...read };
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
  const newest = await newestMap(firestore, { id: document.sourceId, name: document.sourceName });
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

/** A raw document that cannot be normalized as things are: trying again does not help by itself. */
export class CannotNormalizeError extends Error {
  override readonly name = "CannotNormalizeError";
}
