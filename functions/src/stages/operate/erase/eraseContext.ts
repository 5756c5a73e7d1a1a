import type { Firestore } from "firebase-admin/firestore";
import type { BlobStore } from "../../../domain/rawDocument/blobStore.ts";
import type { TransactionalDatabase } from "../../../platform/postgres.ts";
import type { EnqueueTasks } from "../../../platform/taskQueue.ts";
import type { RemoveSecret } from "./channelSecret.ts";

/** What erasing takes. */
export interface EraseContext {
  readonly db: TransactionalDatabase;
  readonly firestore: Firestore;
  readonly blobStore: BlobStore;
  readonly enqueue: EnqueueTasks;
  readonly removeSecret: RemoveSecret;
  readonly clock: () => Date;
  /** Looked at between two batches. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each batch. */
  readonly onBatch?: (() => Promise<void>) | undefined;
}
