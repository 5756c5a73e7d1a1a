import { z } from "zod";
import { THIS_DOCUMENT } from "../../domain/analysis/earlierPoints.ts";
import type { PendingDocument } from "../../domain/analysis/pendingDocument.ts";
import { type Database, prepared, selectRow, selectRows } from "../../platform/postgres.ts";

const ownValueRow = z.object({ name: z.string(), value: z.string() });
type OwnValue = z.output<typeof ownValueRow>;

const OWN_VALUES = prepared(`
  with point as (
    ${["text", "link", "int", "bigint"]
      .map(
        (table) => `select company_measurement_id, left(value::text, 300) as value
                      from measurement_${table}_value where raw_document_id = ${THIS_DOCUMENT} and item_key = ''`,
      )
      .join(" union all ")}
  )
  select measurement.measurement_name as name, point.value
    from point
    join company_source_measurement series using (company_measurement_id)
    join source_measurement measurement on measurement.id = series.source_measurement_id
   where measurement.parent_measurement_id is null`);

// What never changes, then what seldom does.
const IDENTITIES = [/\bid\b/i, /\b(?:url|permalink)\b/i, /\bname\b/i];

/** What a document says that it is about: its id, its URL or its name. */
export function identityOf(values: readonly OwnValue[]): string | undefined {
  // "server id" says more of a server than "server owner id".
  const inOrder = values.toSorted((a, b) => a.name.length - b.name.length || (a.name < b.name ? -1 : 1));
  for (const identity of IDENTITIES) {
    const found = inOrder.find(({ name }) => identity.test(name));
    if (found !== undefined) return found.value;
  }
  return undefined;
}

const ANALYZED = "state in ('ANALYZED', 'DATA_PROBLEM')";

const subjectSet = z.object({ subject: z.string() });

// By raw_document_subject_idx: one that is known; else the one before, which is called differently now, unless that
// one came in the same run too.
const SET_SUBJECT = prepared(`
  with before as (
    select subject
      from pipeline.raw_document
     where data_source_id = $2 and company_id = $3 and ${ANALYZED} and observed_at < $4 and id <> $1
     order by observed_at desc, id desc
     limit 1
  )
  update pipeline.raw_document document
     set subject = case
           when exists (
             select from pipeline.raw_document known
              where known.data_source_id = $2 and known.company_id = $3 and known.${ANALYZED}
                and known.subject = $5::text)
             then $5::text
           when $5::text is null or not exists (
             select from pipeline.raw_document beside
              where beside.data_source_id = $2 and beside.company_id = $3 and beside.${ANALYZED}
                and beside.subject = (select subject from before) and beside.task_id = document.task_id)
             then coalesce((select subject from before), $5::text, '')
           else $5::text
         end
   where id = $1
  returning subject`);

/**
 * Settles what a document is about, of what its company has at the source. A company may have several handles there,
 * each with documents of its own: their series are told apart by this, and not compared with one another. Something
 * that is called differently from now on stays the same.
 */
export async function assignSubject(
  connection: Database,
  { id, sourceId, companyId, observedAt }: PendingDocument,
): Promise<string> {
  const identity = identityOf(await selectRows(connection, ownValueRow, OWN_VALUES, [id]));
  const row = await selectRow(connection, subjectSet, SET_SUBJECT, [
    id,
    sourceId,
    companyId,
    observedAt,
    identity ?? null,
  ]);
  return row?.subject ?? "";
}
