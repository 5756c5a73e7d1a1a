import { z } from "zod";
import type {
  Batch,
  RetentionDays,
  RetentionStep,
  RetentionStores,
  Upkeep,
} from "../../domain/upkeep/upkeep.ts";
import { logError } from "../../platform/log.ts";
import { selectRows } from "../../platform/postgres.ts";

const DAY_MS = 24 * 3_600_000;

export interface RetainOptions {
  readonly now: Date;
  /** Asked between batches: the next run continues where this one stops. */
  readonly mayGoOn: () => boolean;
}

/** How much of each kind was removed, and whether all of it. Values are counted by their documents. */
export type RetainCounts = Record<string, number | boolean> & { readonly isDone: boolean };

interface Work {
  readonly kind: string;
  readonly next: () => Promise<Batch>;
}

/**
 * Runs the retention steps of all stages: one batch of each step and source in turn, so that one with much to delete
 * does not hold up the others. A failing step does not stop the others.
 *
 * @throws the first failure, once the others have had their turn
 */
export async function retain(
  stages: readonly Upkeep[],
  stores: RetentionStores,
  { now, mayGoOn }: RetainOptions,
): Promise<RetainCounts> {
  const steps = stages.flatMap((stage) => stage.retention ?? []);
  const counts: Record<string, number> = Object.fromEntries(steps.map(({ kind }) => [kind, 0]));
  const failures: unknown[] = [];
  let open = workOf(steps, stores, await selectRows(stores.db, retentionRow, RETENTION), now);
  while (open.length > 0 && mayGoOn()) {
    const unfinished: Work[] = [];
    for (const work of open) {
      if (!mayGoOn()) {
        unfinished.push(work);
        continue;
      }
      try {
        const { removed, isLast } = await work.next();
        counts[work.kind] = (counts[work.kind] ?? 0) + removed;
        if (!isLast) unfinished.push(work);
      } catch (error) {
        logError("Retention run failed", error, { kind: work.kind });
        failures.push(error);
      }
    }
    open = unfinished;
  }
  if (failures.length > 0) throw failures[0];
  return { ...counts, isDone: open.length === 0 };
}

const days = z.int().nullable();

const retentionRow = z.object({
  /** Null for the default. */
  sourceId: z.int().nullable(),
  rawDocumentsDays: days,
  valuesDays: days,
  newsDays: days,
  runsDays: days,
});

// The default, and each source's own settings.
const RETENTION = `
  select source.id as source_id, kept.raw_documents_days, kept.values_days, kept.news_days, kept.runs_days
    from (select id from data_source union all select null) source
    cross join lateral (
      select * from pipeline.retention
       where data_source_id = source.id or data_source_id is null
       order by data_source_id nulls last
       limit 1
    ) kept
   order by source.id nulls first`;

function workOf(
  steps: readonly RetentionStep[],
  stores: RetentionStores,
  retentions: readonly (RetentionDays & { readonly sourceId: number | null })[],
  now: Date,
): Work[] {
  const before = (days: number) => new Date(now.getTime() - days * DAY_MS);
  const fallback = retentions.find(({ sourceId }) => sourceId === null);
  return steps.flatMap((step): Work[] => {
    const { kind } = step;
    if ("days" in step) {
      const days = typeof step.days === "number" ? step.days : (fallback?.[step.days] ?? null);
      if (days === null) return [];
      return [{ kind, next: () => step.remove(stores, { before: before(days), now }) }];
    }
    return retentions.flatMap(({ sourceId, [step.daysOfSource]: days }) =>
      sourceId === null || days === null
        ? []
        : [{ kind, next: () => step.remove(stores, { sourceId, before: before(days), now }) }],
    );
  });
}
