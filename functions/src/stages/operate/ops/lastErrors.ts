import { z } from "zod";
import { type Database, selectRows } from "../../../platform/postgres.ts";

const errorRow = z.object({
  dataSourceId: z.int(),
  type: z.string().nullable(),
  text: z.string().nullable(),
  company: z.int().nullable(),
  at: z.date(),
});

/** The last mining call of a source that failed, or ended with a warning. */
export interface LastError {
  readonly type: string | null;
  readonly text: string | null;
  /** Null where it is of no one company. */
  readonly company: number | null;
  readonly at: Date;
}

// Of each source's last tasks by scheduled_task_source_idx, their calls by mining_call_task_id_company_id_key. What is
// older is in the breaker, if it was the source's fault.
const LAST_ERRORS = `
  select source.id as data_source_id, error.error_type as type, error.error_text as text, error.company_id as company,
         error.ended_at as at
    from data_source source
    cross join lateral (
      select call.error_type, left(call.error_text, 2000) as error_text, call.company_id, call.ended_at
        from (
          select task_id from scheduled_task
           where data_source_id = source.id and started_at is not null
           order by scheduled_at desc
           limit 3
        ) task
        join pipeline.mining_call call using (task_id)
       where call.error_type is not null and call.ended_at is not null and call.state <> 'SKIPPED'
       order by call.ended_at desc
       limit 1
    ) error`;

/** The last error of each source's calls, by source. */
export async function lastErrors(db: Database): Promise<ReadonlyMap<number, LastError>> {
  const rows = await selectRows(db, errorRow, LAST_ERRORS);
  return new Map(rows.map(({ dataSourceId, ...error }) => [dataSourceId, error]));
}
