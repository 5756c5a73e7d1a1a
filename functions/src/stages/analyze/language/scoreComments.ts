import { z } from "zod";
import type { scoreCommentsPayload } from "../../../domain/analysis/tasks.ts";
import { selectRows } from "../../../platform/postgres.ts";
import type { Asking } from "./askForJson.ts";
import { scoreSentiments } from "./scoreSentiments.ts";

const unscored = z.object({ id: z.int(), value: z.string() });

// Reads measurement_comment_value_unscored_idx.
const UNSCORED = `
  select id, value from measurement_comment_value
   where raw_document_id = $1 and sentiment_score is null
   order by id`;

const SET_SCORES = `
  update measurement_comment_value as comment
     set sentiment_score = scored.score, modified_at = $3
    from unnest($1::int[], $2::int[]) as scored (id, score)
   where comment.id = scored.id and comment.sentiment_score is null`;

/** Scores the comments of a raw document that have no score yet, whatever their number by two statements. */
export async function scoreComments(
  asking: Asking,
  { rawDocumentId }: z.output<typeof scoreCommentsPayload>,
  now: Date,
): Promise<void> {
  const comments = await selectRows(asking.db, unscored, UNSCORED, [rawDocumentId]);
  if (comments.length === 0) return;
  const texts = comments.map(({ value }) => value);
  const scores = await scoreSentiments(asking, texts, now);
  await asking.db.query(SET_SCORES, [comments.map(({ id }) => id), scores, now]);
}
