import { z } from "zod";
import { errorText } from "../../../platform/errorText.ts";
import { logEvent, logWarning } from "../../../platform/log.ts";
import { selectRows, type TransactionalDatabase } from "../../../platform/postgres.ts";
import type { EnqueueTasks } from "../../../platform/taskQueue.ts";
import type { CheckChange } from "./checkNotice.ts";
import type { DataCheck } from "./readChecks.ts";
import { pausedBy, type RecordedCheck, recordCheck } from "./recordCheck.ts";
import { type CheckOutcome, runCheck } from "./runCheck.ts";

/** What checking takes. */
export interface CheckContext {
  readonly db: TransactionalDatabase;
  readonly enqueue: EnqueueTasks;
  readonly checks: readonly DataCheck[];
  /** The time limit of one check, if not the usual one. */
  readonly timeoutMs?: number;
}

/** A check, and how it did. */
export interface CheckReport {
  readonly check: DataCheck;
  readonly outcome: CheckOutcome;
  /** Since when it is so. */
  readonly since: Date;
}

/**
 * Runs the data checks, one after another, and records how each did; tells operators what changed, and pauses and
 * resumes the sources of checks that halt. A broken check does not stop the others.
 *
 * @throws AggregateError after all, where checks could not be run or recorded for a reason that is not their own
 */
export async function checkData(context: CheckContext, now: Date): Promise<CheckReport[]> {
  const { db, checks } = context;
  const pausing = await pausingSince(db);
  const reports: CheckReport[] = [];
  const errors: unknown[] = [];
  for (const check of checks) {
    try {
      const since = periodStart(now, pausing.get(pausedBy(check.name)));
      reports.push(await runAndRecord(context, check, { now, since }));
    } catch (error) {
      errors.push(error);
    }
  }
  await removeOthers(db, checks);
  if (errors.length > 0)
    throw new AggregateError(errors, "Not every data check could be run", { cause: errors[0] });
  return reports;
}

/** How many checks did how, for pipeline.job_run. */
export function checkCounts(reports: readonly CheckReport[]): Record<string, number> {
  const count = (state: CheckOutcome["state"]) =>
    reports.filter(({ outcome }) => outcome.state === state).length;
  return { passing: count("PASSING"), failing: count("FAILING"), broken: count("BROKEN") };
}

const DAY_MS = 24 * 3_600_000;
const PERIOD_MS = 2 * DAY_MS;
// A source may be paused for long, and the others go on.
const LONGEST_PERIOD_MS = 30 * DAY_MS;

function periodStart(now: Date, pausingSince: Date | undefined): Date {
  const wanted = (pausingSince ?? now).getTime() - PERIOD_MS;
  return new Date(Math.max(wanted, now.getTime() - LONGEST_PERIOD_MS));
}

const pausing = z.object({ pausedBy: z.string(), since: z.date() });

const PAUSING_SINCE = `
  select paused_by, min(since) as since from pipeline.source_pause where paused_by like 'check:%' group by paused_by`;

/** Since when checks have been pausing sources. */
async function pausingSince(db: TransactionalDatabase): Promise<ReadonlyMap<string, Date>> {
  const rows = await selectRows(db, pausing, PAUSING_SINCE);
  return new Map(rows.map(({ pausedBy, since }) => [pausedBy, since]));
}

async function runAndRecord(
  { db, enqueue, timeoutMs }: CheckContext,
  check: DataCheck,
  period: { now: Date; since: Date },
): Promise<CheckReport> {
  const begunAt = performance.now();
  const outcome = await runCheck(db, check, period, timeoutMs);
  const durationMs = Math.round(performance.now() - begunAt);
  const run = { check, outcome, durationMs, now: period.now };
  const { since, change, tasks } = await db.transaction((connection) => recordCheck(connection, run));
  if (change !== undefined) logChange(check, outcome, change);
  await enqueueAll(enqueue, tasks);
  return { check, outcome, since };
}

function logChange(
  { name, severity }: DataCheck,
  outcome: CheckOutcome,
  { paused, resumed }: CheckChange,
): void {
  const event = (
    { PASSING: "data_check_recovered", FAILING: "data_check_failed", BROKEN: "data_check_broken" } as const
  )[outcome.state];
  logEvent(event, {
    check: name,
    halts: severity === "HALT",
    failing: outcome.state === "FAILING" ? outcome.failingCount : undefined,
    reason: outcome.state === "BROKEN" ? outcome.error : undefined,
    paused: paused.join(" ") || undefined,
    resumed: resumed.join(" ") || undefined,
  });
}

/** What cannot be enqueued now is recorded, and enqueued by the sweeper. */
async function enqueueAll(enqueue: EnqueueTasks, tasks: RecordedCheck["tasks"]): Promise<void> {
  try {
    for (const [queue, list] of Object.entries(tasks)) await enqueue(queue, list);
  } catch (error) {
    logWarning("A data check's tasks could not be enqueued", { reason: errorText(error) });
  }
}

// Sources paused by a check that no longer exists resume; its rows are deleted with it.
const REMOVE_OTHERS = `
  with gone as (delete from pipeline.data_check where name <> all ($1::text[]))
  delete from pipeline.source_pause where paused_by like 'check:%' and paused_by <> all ($2::text[])`;

async function removeOthers(db: TransactionalDatabase, checks: readonly DataCheck[]): Promise<void> {
  const names = checks.map(({ name }) => name);
  await db.query(REMOVE_OTHERS, [names, names.map(pausedBy)]);
}
