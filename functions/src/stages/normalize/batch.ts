import { type Firestore, Timestamp } from "firebase-admin/firestore";
import { z } from "zod";
import { batchPath } from "../../domain/rawDocument/removeRawDocuments.ts";
import { isAlreadyThere } from "../../platform/errorCode.ts";

/** What stage 4 hands over to stage 5: the values of one raw document are in PostgreSQL. */
export const batchDocument = z.object({
  raw_document_id: z.string(),
  raw_document_path: z.string(),
  data_source_id: z.int(),
  company_id: z.int(),
  task_id: z.int().nullable(),
  observed_at: z.instanceof(Timestamp),
  map_version: z.int(),
  value_count: z.int(),
  created_at: z.instanceof(Timestamp),
});

/** Creates the batch document of a raw document, unless it is there. */
export async function createBatch(
  firestore: Firestore,
  batch: z.output<typeof batchDocument>,
): Promise<void> {
  try {
    await firestore.doc(batchPath(batch.raw_document_id)).create(batch);
  } catch (error) {
    if (!isAlreadyThere(error)) throw error;
  }
}
