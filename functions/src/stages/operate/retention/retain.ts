import { logError } from "../../../platform/log.ts";
import { eraseLeftovers } from "../erase/eraseLeftovers.ts";
import type { Batch, Expired, RetentionStores } from "./batch.ts";
import { type Retention, readRetention } from "./readRetention.ts";
import { removeDocuments } from "./removeDocuments.ts";
import { removeNews } from "./removeNews.ts";
import { removeRecords } from "./removeRecords.ts";
import { removeReports } from "./removeReports.ts";
import { removeRuns } from "./removeRuns.ts";
import { removeValues } from "./removeValues.ts";

const DAY_MS = 24 * 3_600_000;

/** What a run may take. */
export interface RetainOptions {
  readonly now: Date;
  /** Asked between two batches: the next run goes on where this one stops. */
  readonly mayGoOn: () => boolean;
}

/** How much was removed, and whether nothing more was to be. Values are counted by their documents. */
export type RetainCounts = Record<Kind, number> & { readonly isDone: boolean };

type Kind = "news" | "values" | "documents" | "runs" | "reports" | "records" | "leftovers";

interface Work {
  readonly kind: Kind;
  readonly next: () => Promise<Batch>;
}

/**
 * Deletes what has been kept for long enough, a bounded batch a transaction; a batch of each kind and source in turn,
 * so that one with much to delete does not keep the others waiting. A kind that fails does not stop the others.
 *
 * @throws the first failure, once the others have had their turn
 */
export async function retain(
  stores: RetentionStores,
  { now, mayGoOn }: RetainOptions,
): Promise<RetainCounts> {
  const counts = { news: 0, values: 0, documents: 0, runs: 0, reports: 0, records: 0, leftovers: 0 };
  const failures: unknown[] = [];
  let open = workOf(stores, await readRetention(stores.db), now);
  while (open.length > 0 && mayGoOn()) {
    const unfinished: Work[] = [];
    for (const work of open) {
      if (!mayGoOn()) {
        unfinished.push(work);
        continue;
      }
      try {
        const { removed, isLast } = await work.next();
        counts[work.kind] += removed;
        if (!isLast) unfinished.push(work);
      } catch (error) {
        logError("What is old could not be removed", error, { kind: work.kind });
        failures.push(error);
      }
    }
    open = unfinished;
  }
  if (failures.length > 0) throw failures[0];
  return { ...counts, isDone: open.length === 0 };
}

function workOf(stores: RetentionStores, retentions: readonly Retention[], now: Date): Work[] {
  const before = (days: number) => new Date(now.getTime() - days * DAY_MS);
  const work: Work[] = [
    { kind: "leftovers", next: () => eraseLeftovers(stores, now) },
    { kind: "records", next: () => removeRecords(stores.db, now) },
  ];
  for (const { sourceId, rawDocumentsDays, valuesDays, newsDays, runsDays } of retentions) {
    const add = (
      kind: Kind,
      days: number | null,
      remove: (stores: RetentionStores, expired: Expired) => Promise<Batch>,
    ) => {
      if (days === null || sourceId === null) return;
      work.push({ kind, next: () => remove(stores, { sourceId, before: before(days), now }) });
    };
    add("news", newsDays, removeNews);
    add("values", valuesDays, removeValues);
    add("documents", rawDocumentsDays, removeDocuments);
    add("runs", runsDays, removeRuns);
    if (sourceId === null && newsDays !== null) {
      work.push({ kind: "reports", next: () => removeReports(stores, { before: before(newsDays) }) });
    }
  }
  return work;
}
