import { z } from "zod";
import { type Database, selectRows } from "../../platform/postgres.ts";

const failedDocument = z.object({
  id: z.string(),
  path: z.string(),
  source: z.string(),
  company: z.string().nullable(),
  observedAt: z.date().nullable(),
  failedAt: z.date(),
  reason: z.string(),
});

export type FailedDocument = z.output<typeof failedDocument>;

/** Which of the documents that failed; without anything, all. */
export interface FailedFilter {
  readonly ids?: readonly string[] | undefined;
  /** The name of a data source. */
  readonly source?: string | undefined;
  /** Words of the reason, in capitals or not. */
  readonly reason?: string | undefined;
  /** That failed at this time or later. */
  readonly since?: Date | undefined;
}

/**
 * The condition of a {@link FailedFilter} over `document` and `source`, by the parameters 1 to 4. One that was removed
 * for its age can no longer be run again. A source that is gone is known by the document's path.
 */
export const FAILED_MATCHING = `
  document.state = 'FAILED' and document.removed_at is null
  and ($1::text[] is null or document.id = any ($1))
  and ($2::text is null or $2 in (source.source_name, split_part(document.path, '/', 4)))
  and ($3::text is null or strpos(lower(document.reason), lower($3)) > 0)
  and ($4::timestamp(3) is null or document.state_since >= $4)`;

/** The parameters of {@link FAILED_MATCHING}. */
export function failedFilterValues({ ids, source, reason, since }: FailedFilter): unknown[] {
  return [ids ?? null, source ?? null, reason ?? null, since ?? null];
}

// Reads raw_document_failed_idx.
const FAILED = `
  select document.id, document.path, coalesce(source.source_name, split_part(document.path, '/', 4)) as source,
         company.name as company, document.observed_at, document.state_since as failed_at, document.reason
    from pipeline.raw_document document
    left join data_source source on source.id = document.data_source_id
    left join company on company.id = document.company_id
   where ${FAILED_MATCHING}
   order by document.state_since, document.id
   limit $5`;

/** The raw documents that are not processed because something is wrong, the oldest first. */
export function failedDocuments(
  db: Database,
  filter: FailedFilter,
  limit: number,
): Promise<FailedDocument[]> {
  return selectRows(db, failedDocument, FAILED, [...failedFilterValues(filter), limit]);
}
