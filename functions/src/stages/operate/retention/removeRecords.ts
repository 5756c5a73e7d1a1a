import type { Database } from "../../../platform/postgres.ts";
import type { Batch } from "./batch.ts";

const ROWS_A_BATCH = 5_000;
const DAY_MS = 24 * 3_600_000;

interface Records {
  readonly days: number;
  /** $1: the moment before which they are old; $2: how many at most. */
  readonly remove: string;
}

// What is looked at within weeks, or within a year: nobody has asked to set these.
const RECORDS: readonly Records[] = [
  {
    days: 90,
    // Reads job_run_started_at_idx.
    remove: `
      delete from pipeline.job_run
       where id in (
         select id from pipeline.job_run where started_at < $1 and state <> 'RUNNING' order by started_at limit $2)`,
  },
  {
    days: 90,
    // Reads refused_transition_refused_at_idx.
    remove: `
      delete from pipeline.refused_transition
       where id in (
         select id from pipeline.refused_transition where refused_at < $1 order by refused_at limit $2)`,
  },
  {
    days: 400,
    // Reads operation_started_at_idx. It names operators.
    remove: `
      delete from pipeline.operation
       where id in (select id from pipeline.operation where started_at < $1 order by started_at limit $2)`,
  },
  {
    days: 90,
    // A notice a day or so.
    remove: `
      delete from pipeline.operator_notice
       where id in (
         select id from pipeline.operator_notice
          where created_at < $1 and state not in ('PENDING', 'SENDING') order by id limit $2)`,
  },
  {
    days: 400,
    // Reads operation_started_at_idx.
    remove: `
      delete from pipeline.operation
       where id in (
         select id from pipeline.operation where started_at < $1 order by started_at limit $2)`,
  },
  {
    days: 400,
    remove: `
      delete from pipeline.language_use
       where day in (select day from pipeline.language_use where day < $1 order by day limit $2)`,
  },
  {
    days: 400,
    // A row a day and source with a quota: a few thousand in all.
    remove: `
      delete from pipeline.source_day
       where (data_source_id, day) in (
         select data_source_id, day from pipeline.source_day where day < $1 limit $2)`,
  },
  {
    days: 30,
    // Reads erasure_finished_at_idx. It names people.
    remove: `
      update pipeline.erasure set left_to_others = '[]'
       where id in (
         select id from pipeline.erasure
          where finished_at < $1 and left_to_others <> '[]' limit $2)`,
  },
];

/** Removes what operators no longer look at. */
export async function removeRecords(db: Database, now: Date): Promise<Batch> {
  let removed = 0;
  let isLast = true;
  for (const { days, remove } of RECORDS) {
    const { rowCount } = await db.query(remove, [new Date(now.getTime() - days * DAY_MS), ROWS_A_BATCH]);
    removed += rowCount ?? 0;
    if (rowCount === ROWS_A_BATCH) isLast = false;
  }
  return { removed, isLast };
}
