import type { Firestore } from "firebase-admin/firestore";
import pMap from "p-map";
import type { BlobStore } from "./blobStore.ts";

/** A raw document, as far as it takes to remove it. */
export interface KnownRawDocument {
  readonly id: string;
  readonly path: string;
}

/** Whose it is. */
interface Owners {
  readonly id: string;
  readonly sourceId: number;
  readonly companyId: number;
}

/** The folder of the blob store for what does not fit Firestore of a company's documents. */
export function companyFolder(companyId: number): string {
  return `raw_data/${companyId}`;
}

/** The same of one document: no two documents share a blob, so that each can go without the other. */
export function contentFolder({ id, sourceId, companyId }: Owners): string {
  return `${companyFolder(companyId)}/${sourceId}/${id}`;
}

/** The collection of the documents that hand over from stage 4 to stage 5. */
export const BATCH_COLLECTION = "parma/analytics/batch";

/** The batch document of a raw document. */
export function batchPath(rawDocumentId: string): string {
  return `${BATCH_COLLECTION}/${rawDocumentId}`;
}

const LISTS_AT_A_TIME = 10;
// The same answer in other layouts: one at most, where nobody wants to fill the store.
const MAX_BLOBS = 100;

/**
 * Removes up to 250 raw documents with their blobs and batch documents. Removing them again changes nothing.
 *
 * @param writtenBefore a document with a younger blob is left: it is being fed again at this moment
 * @returns those that are gone
 */
export async function removeRawDocuments<D extends KnownRawDocument>(
  { firestore, blobStore }: { readonly firestore: Firestore; readonly blobStore: BlobStore },
  documents: readonly D[],
  writtenBefore?: Date,
): Promise<D[]> {
  if (documents.length === 0) return [];
  const references = documents.map(({ path }) => firestore.doc(path));
  const found = await firestore.getAll(...references, { fieldMask: ["content"] });
  // Blobs first: after a crash in between, it is the documents that tell of what is left.
  const gone = await pMap(
    documents,
    async (document, index) => {
      const blob: unknown = found[index]?.get("content.blob");
      const folder = typeof blob === "string" ? blob.slice(0, blob.lastIndexOf("/")) : "";
      // Who else wrote a document may have named anything.
      if (!folder.endsWith(`/${document.id}`)) return [document];
      const blobs = await blobStore.list(folder, MAX_BLOBS);
      if (writtenBefore !== undefined && blobs.some(({ writtenAt }) => writtenAt >= writtenBefore)) return [];
      for (const blob of blobs) await blobStore.remove(blob);
      return [document];
    },
    { concurrency: LISTS_AT_A_TIME },
  );
  const removed = gone.flat();
  const batch = firestore.batch();
  for (const { id, path } of removed) {
    batch.delete(firestore.doc(path));
    batch.delete(firestore.doc(batchPath(id)));
  }
  await batch.commit();
  return removed;
}
