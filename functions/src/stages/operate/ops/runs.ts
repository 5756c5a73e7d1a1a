import { z } from "zod";
import { type Database, selectRows } from "../../../platform/postgres.ts";

const runRow = z.object({
  id: z.coerce.number(),
  job: z.string(),
  trigger: z.string(),
  state: z.enum(["RUNNING", "SUCCEEDED", "FAILED"]),
  attempts: z.int(),
  startedAt: z.date(),
  endedAt: z.date().nullable(),
  counts: z.record(z.string(), z.unknown()),
  error: z.string().nullable(),
});

/** A run of a scheduled function, however it was started. */
export type ListedRun = z.output<typeof runRow>;

/** Which runs. */
export interface RunFilter {
  readonly job?: string | undefined;
  readonly state?: ListedRun["state"] | undefined;
  readonly limit: number;
}

// Reads job_run_started_at_idx backwards, and stops.
const RUNS = `
  select id, job, trigger::text, state::text, attempts, started_at, ended_at, counts, error
    from pipeline.job_run
   where ($1::text is null or job = $1) and ($2::text is null or state::text = $2)
   order by started_at desc, id desc
   limit $3`;

/** The newest runs of scheduled functions. */
export function listRuns(db: Database, { job, state, limit }: RunFilter): Promise<ListedRun[]> {
  return selectRows(db, runRow, RUNS, [job ?? null, state ?? null, limit]);
}
