import { createHash } from "node:crypto";
import { Timestamp } from "firebase-admin/firestore";
import type { FiledDocument } from "../src/domain/extraction/filedDocument.ts";
import type { BlobStore } from "../src/domain/rawDocument/blobStore.ts";
import { rawDocumentCollection } from "../src/domain/rawDocument/collections.ts";
import { firestoreObstacle } from "../src/domain/rawDocument/firestoreFit.ts";
import type { RawObject } from "../src/domain/rawDocument/losslessJson.ts";
import type { RawDocumentData } from "../src/domain/rawDocument/rawDocument.ts";
import { contentFolder } from "../src/domain/rawDocument/removeRawDocuments.ts";

/** Whose a raw answer is, and what it says. */
export interface Answer {
  readonly source: { readonly id: number; readonly name: string };
  readonly companyId: number;
  readonly rawData: RawObject;
  readonly observedAt: Date;
}

/** A raw answer as stage 3 files it, without a Firestore: its content is in the blob store where it belongs there. */
export async function filedDocument(
  blobStore: BlobStore,
  id: string,
  answer: Answer,
): Promise<FiledDocument & { readonly fields: RawDocumentData }> {
  const { source, companyId, rawData, observedAt } = answer;
  const content = await contentOf(blobStore, id, answer);
  return {
    id,
    path: `${rawDocumentCollection(source.name)}/${id}`,
    fields: {
      company_id: String(companyId),
      data: content === undefined ? rawData : null,
      ...(content === undefined ? {} : { content }),
      mining_trigger: null,
      status: "received",
      source_id: source.id,
      source_name: source.name,
      task_id: null,
      attempt: null,
      received_at: Timestamp.fromDate(observedAt),
      observed_at: Timestamp.fromDate(observedAt),
    },
  };
}

async function contentOf(
  blobStore: BlobStore,
  id: string,
  { source, companyId, rawData }: Answer,
): Promise<RawDocumentData["content"]> {
  const reason = firestoreObstacle(rawData);
  if (reason === undefined) return undefined;
  const bytes = Buffer.from(JSON.stringify({ raw_data: rawData }));
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const blob = `${contentFolder({ id, sourceId: source.id, companyId })}/${sha256}.json`;
  await blobStore.write(blob, bytes);
  return { blob, bytes: bytes.byteLength, sha256, reason };
}
