import { z } from "zod";
import { type Database, selectRows } from "../../../platform/postgres.ts";

const days = z.int().nullable();

const retentionRow = z
  .object({
    /** Null for the default. */
    source_id: z.int().nullable(),
    raw_documents_days: days,
    values_days: days,
    news_days: days,
    runs_days: days,
  })
  .transform((row) => ({
    sourceId: row.source_id,
    rawDocumentsDays: row.raw_documents_days,
    valuesDays: row.values_days,
    newsDays: row.news_days,
    runsDays: row.runs_days,
  }));

/** For how many days things of a source are kept; null is for ever. */
export type Retention = z.output<typeof retentionRow>;

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

/** What holds for the default and for each source. */
export function readRetention(db: Database): Promise<Retention[]> {
  return selectRows(db, retentionRow, RETENTION);
}
