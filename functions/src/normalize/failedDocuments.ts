import { z } from "zod";
import { type Database, selectRows } from "../platform/postgres.ts";

const failedDocument = z
  .object({
    id: z.string(),
    path: z.string(),
    source: z.string(),
    company: z.string().nullable(),
    observed_at: z.date().nullable(),
    failed_at: z.date(),
    reason: z.string(),
  })
  .transform(({ observed_at, failed_at, ...row }) => ({
    ...row,
    observedAt: observed_at,
    failedAt: failed_at,
  }));

export type FailedDocument = z.output<typeof failedDocument>;

// Reads raw_document_failed_idx. A source that is gone is known by the document's path.
const FAILED = `
  select document.id, document.path, coalesce(source.source_name, split_part(document.path, '/', 4)) as source,
         company.name as company, document.observed_at, document.normalized_at as failed_at, document.reason
    from pipeline.raw_document document
    left join data_source source on source.id = document.data_source_id
    left join company on company.id = document.company_id
   where document.state = 'FAILED'
     and ($1::text is null or $1 in (source.source_name, split_part(document.path, '/', 4)))
   order by document.normalized_at, document.id`;

/** The raw documents that are not normalized because something is wrong, oldest first; of one source, if named. */
export function failedDocuments(db: Database, source?: string): Promise<FailedDocument[]> {
  return selectRows(db, failedDocument, FAILED, [source ?? null]);
}

/** The paths of raw documents in Firestore, by their ids; one that no run has seen yet is absent. */
export async function documentPaths(
  db: Database,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await selectRows(
    db,
    z.object({ id: z.string(), path: z.string() }),
    "select id, path from pipeline.raw_document where id = any ($1::text[])",
    [ids],
  );
  return new Map(rows.map(({ id, path }) => [id, path]));
}
