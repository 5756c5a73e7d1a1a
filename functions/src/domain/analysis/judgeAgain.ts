import { z } from "zod";
import { type Database, selectRow } from "../../platform/postgres.ts";
import { dataProblemOf } from "./dataProblem.ts";
import { forgetStates } from "./detectorStates.ts";
import { type Analysis, type PendingDocument, writeDataProblem } from "./pendingDocument.ts";
import { readEarlierDocument, readListsBefore, readPoints } from "./readPoints.ts";
import { type SeriesId, seriesKey } from "./series.ts";
import { watchedPoints } from "./watchedPoints.ts";

/** A document that was analyzed, and whose values have been replaced since. */
export interface ReplacedDocument
  extends Pick<PendingDocument, "id" | "sourceId" | "companyId" | "observedAt" | "lists" | "issueCount"> {
  readonly state: Analysis["state"];
  /** It stays about what it was about: the documents after it were settled by it. */
  readonly subject: string;
}

/**
 * Makes the analysis of a document agree with its replaced values, in silence: what was told stays told, and nothing new
 * is. Whether it is a data problem is judged anew, and the detector forgets the series that changed, so that their
 * next points are judged by the history as it is now. The caller holds the lock on the company at the source.
 *
 * @param changed the series of numbers that have other values than before
 * @returns whether it has comments without a score
 */
export async function judgeAgain(
  connection: Database,
  document: ReplacedDocument,
  changed: readonly SeriesId[],
  now: Date,
): Promise<boolean> {
  const points = await readPoints(connection, document);
  const earlier = await readEarlierDocument(connection, document);
  const lists = await readListsBefore(connection, document);
  const problem = dataProblemOf(points, earlier, lists, document.issueCount);
  const state = problem === undefined ? "ANALYZED" : "DATA_PROBLEM";
  if (problem === undefined) await connection.query(REMOVE_PROBLEM, [document.id]);
  else await writeDataProblem(connection, document, problem, now);

  const watched = new Set(problem === undefined ? watchedPoints(points.numeric).map(seriesKey) : []);
  const affected = state === document.state ? changed : [...changed, ...points.numeric];
  const series = new Map(
    affected.map((one) => [seriesKey(one), { ...one, isWatched: watched.has(seriesKey(one)) }]),
  );
  await forgetStates(connection, document, [...series.values()], now);

  const { numeric, texts, comments } = points;
  const valueCount = numeric.length + texts.length + comments.length;
  const amended = await selectRow(connection, amendedRow, AMEND, [
    document.id,
    state,
    now,
    valueCount,
    comments.length,
  ]);
  return amended?.hasUnscored ?? false;
}

const REMOVE_PROBLEM = "delete from pipeline.data_problem where raw_document_id = $1";

const amendedRow = z.object({ hasUnscored: z.boolean() });

// Comments without a score by measurement_comment_value_unscored_idx: the sweeper may ask for them once more.
const AMEND = `
  with unscored as (
    select exists (
      select from measurement_comment_value where raw_document_id = $1 and sentiment_score is null
    ) as has_unscored
  ), document as (
    update pipeline.raw_document
       set state = $2::text::pipeline.raw_document_state, state_since = $3
     where id = $1 and state <> $2::text::pipeline.raw_document_state
  )
  update pipeline.analysis
     set state = $2::text::pipeline.analysis_state, value_count = $4, comment_count = $5,
         comments_asked_again_at = case when has_unscored then null else comments_asked_again_at end
    from unscored
   where raw_document_id = $1
  returning has_unscored`;
