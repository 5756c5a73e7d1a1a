import { z } from "zod";
import { scoreCommentsTask } from "../../../domain/analysis/tasks.ts";
import { overdueBefore, type Patience } from "../../../domain/upkeep/upkeep.ts";
import { type Database, selectRows } from "../../../platform/postgres.ts";
import type { EnqueueTasks } from "../../../platform/taskQueue.ts";

// Scoring takes minutes where the language model is slow, and is tried for an hour.
const WAIT_SECONDS = 2 * 3600;
const MAX_AT_A_TIME = 500;

const unscoredDocument = z.object({ rawDocumentId: z.string() });

// Once a document: comments without a score are no loss that is worth more. Reads analysis_comments_idx and
// measurement_comment_value_unscored_idx.
const ASK_AGAIN = `
  with waiting as (
    select raw_document_id
      from pipeline.analysis
     where comment_count > 0 and comments_asked_again_at is null and analyzed_at < $2
     order by analyzed_at
     limit ${MAX_AT_A_TIME}
       for no key update skip locked
  ), asked as (
    update pipeline.analysis
       set comments_asked_again_at = $1
      from waiting
     where analysis.raw_document_id = waiting.raw_document_id
  )
  select raw_document_id
    from waiting
   where exists (
     select from measurement_comment_value comment
      where comment.raw_document_id = waiting.raw_document_id and comment.sentiment_score is null)`;

/** Has comments scored whose task got lost. */
export async function sweepComments(
  { db, enqueue }: { db: Database; enqueue: EnqueueTasks },
  patience: Patience,
): Promise<{ commentsAgain: number }> {
  const rows = await selectRows(db, unscoredDocument, ASK_AGAIN, [
    patience.now,
    overdueBefore(patience, WAIT_SECONDS),
  ]);
  await enqueue(
    "scoreComments",
    rows.map(({ rawDocumentId }) => {
      const task = scoreCommentsTask(rawDocumentId);
      return { ...task, id: `${task.id}-again` };
    }),
  );
  return { commentsAgain: rows.length };
}
