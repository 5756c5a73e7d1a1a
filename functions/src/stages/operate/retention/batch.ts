import type { Firestore } from "firebase-admin/firestore";
import type { BlobStore } from "../../../domain/rawDocument/blobStore.ts";
import type { TransactionalDatabase } from "../../../platform/postgres.ts";

/** The stores that things are kept in. */
export interface RetentionStores {
  readonly db: TransactionalDatabase;
  readonly firestore: Firestore;
  readonly blobStore: BlobStore;
}

/** What of a source has been kept for long enough. */
export interface Expired {
  readonly sourceId: number;
  /** It came to us before this. */
  readonly before: Date;
  readonly now: Date;
}

/** What one transaction removed, which is bounded. */
export interface Batch {
  readonly removed: number;
  /** Nothing is left, or nothing that can be removed now. */
  readonly isLast: boolean;
}
