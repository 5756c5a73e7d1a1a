import { errorText } from "../../../platform/errorText.ts";
import type { Database } from "../../../platform/postgres.ts";
import { countWork, type WorkCount } from "./countWork.ts";
import {
  failingChecks,
  type LastError,
  lastErrors,
  moduleRequests,
  oldestWaiting,
  pauses,
  refusals,
} from "./problems.ts";
import type { QueueState } from "./queueStates.ts";
import { readSourceHealth } from "./sourceHealth.ts";

/** What showing the state takes. */
export interface StatusContext {
  readonly db: Database;
  /** Of Cloud Tasks; undefined where there is none to ask. */
  readonly queueStates?: (() => Promise<readonly QueueState[]>) | undefined;
  readonly now: Date;
}

/** How a data source is doing. */
type SourceStatus = Awaited<ReturnType<typeof readSourceHealth>>[number] & {
  readonly pauses: readonly { readonly by: string; readonly reason: string; readonly since: Date }[];
  readonly lastError: LastError | null;
};

/** How everything is doing. */
export interface Status {
  readonly at: Date;
  /** Work that has ended is counted where it did so, or was planned, since then. */
  readonly since: Date;
  readonly sources: readonly SourceStatus[];
  readonly work: readonly WorkCount[];
  readonly oldestWaiting: Awaited<ReturnType<typeof oldestWaiting>>;
  readonly failingChecks: Awaited<ReturnType<typeof failingChecks>>;
  /** Handshakes and CRM imports: those that are open or failed, and those asked for since then. */
  readonly moduleRequests: Awaited<ReturnType<typeof moduleRequests>>;
  readonly refusedTransitions: Awaited<ReturnType<typeof refusals>>;
  /** Absent where there is no Cloud Tasks to ask, as in the emulator. */
  readonly queues?: readonly QueueState[];
  /** Why Cloud Tasks did not say; all else is there. */
  readonly queuesError?: string;
}

const HOUR_MS = 3_600_000;

/**
 * How everything is doing: what waits, whatever its age, and what ended in the last hours. It reads indexes of what is
 * open and of the time window, never values, and takes no locks.
 */
export async function readStatus(
  { db, queueStates, now }: StatusContext,
  { hours }: { readonly hours: number },
): Promise<Status> {
  const since = new Date(now.getTime() - hours * HOUR_MS);
  const health = await readSourceHealth(db, now);
  const errors = await lastErrors(db);
  const paused = Map.groupBy(await pauses(db), ({ sourceId }) => sourceId);
  const status = {
    at: now,
    since,
    sources: health.map((source) => ({
      ...source,
      lastError: newest(errors.get(source.id), source.lastError),
      pauses: (paused.get(source.id) ?? []).map(({ by, reason, since }) => ({ by, reason, since })),
    })),
    work: await countWork(db, since),
    oldestWaiting: await oldestWaiting(db, now),
    failingChecks: await failingChecks(db),
    moduleRequests: await moduleRequests(db, since),
    refusedTransitions: await refusals(db, since),
  };
  if (queueStates === undefined) return status;
  try {
    return { ...status, queues: await queueStates() };
  } catch (error) {
    return { ...status, queuesError: errorText(error) };
  }
}

/** Of a call's error and the breaker's the later one: calls are deleted some day. */
function newest(
  ofCall: LastError | undefined,
  ofBreaker: { type: string | null; text: string | null; at: Date } | null,
): LastError | null {
  if (ofBreaker === null) return ofCall ?? null;
  return ofCall !== undefined && ofCall.at >= ofBreaker.at ? ofCall : { ...ofBreaker, company: null };
}
