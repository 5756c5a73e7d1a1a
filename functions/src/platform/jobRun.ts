import { z } from "zod";
import { errorText } from "./errorText.ts";
import { logEvent, logWarning } from "./log.ts";
import { withLogIds } from "./logContext.ts";
import { type Database, selectRow } from "./postgres.ts";

/** One run of a job, started by a schedule or a person. */
export interface JobRun {
  /** The scheduled function's name, whoever started it. */
  readonly job: string;
  readonly trigger: "SCHEDULE" | "HTTP" | "COMMAND";
  /** The scheduled time; undefined if a person started it. */
  readonly scheduledFor?: Date | undefined;
  /** How long a run may take. A longer one has died. */
  readonly timeoutSeconds: number;
}

/** What a job did, in numbers and a few words, recorded with its run. */
type JobCounts = Readonly<Record<string, string | number | boolean | null>>;

/**
 * Runs a job and records the outcome in pipeline.job_run. A second start for the same time is another attempt at the
 * same run. A run goes on even if it cannot be recorded.
 *
 * @throws what the job throws
 */
export function runJob<T extends object>(
  db: Database,
  run: JobRun,
  work: () => Promise<T>,
  clock = () => new Date(),
): Promise<T> {
  const { job, trigger } = run;
  return withLogIds({ job, trigger }, async () => {
    const startedAt = clock();
    const begun = await recorded(() => begin(db, run, startedAt));
    const end = async (state: "SUCCEEDED" | "FAILED", counts: object, error?: string) => {
      const endedAt = clock();
      if (begun !== undefined) {
        await recorded(() =>
          db.query(END, [begun.id, begun.attempts, state, endedAt, JSON.stringify(counts), error]),
        );
      }
      const durationMs = endedAt.getTime() - startedAt.getTime();
      logEvent("job_ended", { ...logged(counts), state, attempt: begun?.attempts, durationMs });
    };
    try {
      const counts = await work();
      await end("SUCCEEDED", counts);
      return counts;
    } catch (error) {
      await end("FAILED", {}, errorText(error));
      throw error;
    }
  });
}

async function recorded<T>(record: () => Promise<T>): Promise<T | undefined> {
  try {
    return await record();
  } catch (error) {
    logWarning("A run of a job could not be recorded", { reason: errorText(error) });
    return undefined;
  }
}

const begunRow = z.object({ id: z.coerce.number(), attempts: z.int() });

async function begin(db: Database, run: JobRun, now: Date) {
  const { job, trigger, scheduledFor = null, timeoutSeconds } = run;
  await db.query(FAIL_DEAD, [job, new Date(now.getTime() - timeoutSeconds * 1000), now, DIED]);
  return selectRow(db, begunRow, BEGIN, [job, trigger, scheduledFor, now]);
}

/** What is recorded of a run whose process died. */
export const DIED = "It ended without a result";

// Reads job_run_running_idx.
const FAIL_DEAD = `
  update pipeline.job_run set state = 'FAILED', ended_at = $3, error = $4
   where job = $1 and state = 'RUNNING' and started_at < $2`;

// Two of the same time meet in job_run_job_scheduled_for_key. Null is never the same time.
const BEGIN = `
  insert into pipeline.job_run as run (job, trigger, scheduled_for, started_at)
  values ($1, $2::text::pipeline.job_trigger, $3, $4)
  on conflict (job, scheduled_for) do update
     set attempts = run.attempts + 1, trigger = excluded.trigger, state = 'RUNNING',
         started_at = excluded.started_at, ended_at = null, counts = '{}', error = null
  returning id, attempts`;

// Of two attempts at once the later one counts.
const END = `
  update pipeline.job_run
     set state = $3::text::pipeline.job_state, ended_at = $4, counts = $5, error = $6
   where id = $1 and attempts = $2`;

const countable = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]).catch(null));

function logged(counts: object): JobCounts {
  return countable.catch({}).parse(counts);
}
