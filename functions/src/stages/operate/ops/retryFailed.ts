import { z } from "zod";
import {
  FAILED_MATCHING,
  type FailedFilter,
  failedFilterValues,
} from "../../../domain/rawDocument/failedDocuments.ts";
import { normalizeAgainTask } from "../../../domain/rawDocument/normalizeAgainTask.ts";
import { selectRows } from "../../../platform/postgres.ts";
import { enqueueInPages, type OperationContext } from "./operation.ts";

const DOCUMENTS_A_BATCH = 1_000;

// Reads raw_document_failed_idx. What fails again meanwhile did so after the beginning, and is left.
const RECEIVE_AGAIN = `
  with matching as (
    select document.id
      from pipeline.raw_document document
      left join data_source source on source.id = document.data_source_id
     where ${FAILED_MATCHING} and document.state_since < $5
     order by document.state_since, document.id
     limit ${DOCUMENTS_A_BATCH}
       for no key update of document skip locked
  )
  update pipeline.raw_document document
     set state = 'RECEIVED', state_since = $5, attempt = 0, last_tried_at = null, runs = 0, running_until = null
    from matching
   where document.id = matching.id
  returning document.id, document.path`;

const retriedRow = z.object({ id: z.string(), path: z.string() });

/**
 * Has raw documents run again that failed: those of the filter, or all. Interrupted, the sweeper goes on with what is
 * RECEIVED and was not enqueued.
 *
 * @param limit stops once it is reached
 * @returns how many, and whether there may be more; those that fail again are listed again
 */
export async function retryFailed(
  context: OperationContext,
  filter: FailedFilter,
  limit = Number.POSITIVE_INFINITY,
): Promise<{ readonly retried: number; readonly more: boolean }> {
  const { db, now } = context;
  const values = [...failedFilterValues(filter), now];
  for (let retried = 0; ; ) {
    if (retried >= limit) return { retried, more: true };
    const documents = await selectRows(db, retriedRow, RECEIVE_AGAIN, values);
    if (documents.length === 0) return { retried, more: false };
    const tasks = documents.map((document) => normalizeAgainTask(document, now.getTime()));
    await enqueueInPages(context, "normalizeAgain", tasks);
    retried += documents.length;
  }
}
