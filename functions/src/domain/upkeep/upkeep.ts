import type { Firestore } from "firebase-admin/firestore";
import type { TransactionalDatabase } from "../../platform/postgres.ts";
import type { EnqueueTasks } from "../../platform/taskQueue.ts";
import type { BlobStore } from "../rawDocument/blobStore.ts";

/** What a stage does for its own work beside the way of the data. The composition root hands it to stage 8. */
export interface Upkeep {
  readonly sweep?: readonly SweepStep[];
  readonly retention?: readonly RetentionStep[];
}

/**
 * Finds work that has been in a state for too long because an event or a task was lost or a process died, and sets it
 * going again under a task of a new id (a queue remembers the ids it has seen), or fails it with its reason.
 *
 * @returns how much of what
 */
type SweepStep = (context: SweepContext, patience: Patience) => Promise<Record<string, number>>;

export interface SweepContext {
  readonly db: TransactionalDatabase;
  readonly enqueue: EnqueueTasks;
}

export interface Patience {
  readonly now: Date;
  /** Stretches every wait: 1 in production. */
  readonly factor: number;
}

/** The time before which a state that may last `seconds` must have begun to be overdue. */
export function overdueBefore({ now, factor }: Patience, seconds: number): Date {
  return new Date(now.getTime() - seconds * 1000 * factor);
}

/** For how many days a source's things are kept, by the columns of pipeline.retention; null is forever. */
export interface RetentionDays {
  readonly rawDocumentsDays: number | null;
  readonly valuesDays: number | null;
  readonly newsDays: number | null;
  readonly runsDays: number | null;
}

/** Removes one kind of thing once it has been kept for long enough, a bounded batch a transaction. */
export type RetentionStep =
  | {
      /** What its removals are counted as. */
      readonly kind: string;
      /** The setting of each data source. */
      readonly daysOfSource: keyof RetentionDays;
      readonly remove: (stores: RetentionStores, expired: ExpiredOfSource) => Promise<Batch>;
    }
  | {
      readonly kind: string;
      /** A number, or the default of a setting. */
      readonly days: number | keyof RetentionDays;
      readonly remove: (stores: RetentionStores, expired: Expired) => Promise<Batch>;
    };

export interface RetentionStores {
  readonly db: TransactionalDatabase;
  readonly firestore: Firestore;
  readonly blobStore: BlobStore;
}

export interface Expired {
  /** What is older has expired. */
  readonly before: Date;
  readonly now: Date;
}

export interface ExpiredOfSource extends Expired {
  readonly sourceId: number;
}

export interface Batch {
  readonly removed: number;
  /** Nothing is left, or nothing that can be removed now. */
  readonly isLast: boolean;
}
