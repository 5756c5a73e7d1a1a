import pMap from "p-map";
import { z } from "zod";
import { LanguageError } from "../../../adapters/languageModels/languageError.ts";
import { prompt, quoted } from "../../../adapters/languageModels/prompt.ts";
import { logWarning } from "../../../platform/log.ts";
import { type Asking, askForJson } from "./askForJson.ts";
import { sentimentScore } from "./sentimentScore.ts";

// Fifty comments are answered within seconds; more at once get mixed up.
const MAX_TEXTS = 50;
// Most comments are shorter, and the rest have said what they feel by then.
const LONGEST_TEXT = 1000;
const BATCHES_AT_A_TIME = 4;
// An entry takes about 12 tokens; models that think before they answer need the rest.
const TOKENS_PER_TEXT = 20;
const TOKENS_TO_THINK = 2000;

/**
 * Scores texts from 0 (angry) to 10 (enthusiastic), in their order: by the language model, fifty a call, or
 * offline where there is none. A call that fails costs its texts nothing but the better score; the calls that
 * have not begun by then are not made.
 */
export async function scoreSentiments(
  asking: Asking,
  texts: readonly string[],
  now: Date,
): Promise<number[]> {
  const batches: string[][] = [];
  for (let start = 0; start < texts.length; start += MAX_TEXTS) {
    batches.push(texts.slice(start, start + MAX_TEXTS));
  }
  let isAnswering = asking.model !== undefined;
  const scores = await pMap(
    batches,
    async (batch) => {
      const asked = isAnswering ? await askForScores(asking, batch, now) : undefined;
      if (asked === undefined) isAnswering = false;
      return asked ?? (await scoreOffline(batch));
    },
    { concurrency: BATCHES_AT_A_TIME },
  );
  return scores.flat();
}

async function askForScores(
  asking: Asking,
  batch: readonly string[],
  now: Date,
): Promise<number[] | undefined> {
  const comments = batch.map((text, index) => ({ id: index + 1, text: firstPartOf(text) }));
  try {
    const answer = await askForJson(asking, {
      system: prompt("score-comments", { count: batch.length }),
      user: quoted("comments", comments),
      schema: scoresOf(batch.length),
      purpose: "score_comments",
      outputTokens: TOKENS_TO_THINK + TOKENS_PER_TEXT * batch.length,
      now,
    });
    return answer?.scores.toSorted((a, b) => a.id - b.id).map(({ score }) => score);
  } catch (error) {
    if (!(error instanceof LanguageError)) throw error;
    logWarning("Comments are scored offline", { failure: error.type, comments: batch.length });
    return undefined;
  }
}

/** One score for each of the ids 1 to `count`. */
function scoresOf(count: number) {
  return z.object({
    scores: z
      .array(z.object({ id: z.int().min(1).max(count), score: sentimentScore }))
      .refine((scores) => scores.length === count && new Set(scores.map(({ id }) => id)).size === count, {
        error: `expected one entry for each id from 1 to ${count}`,
      }),
  });
}

/** Cut between two characters, not within one: half a surrogate pair is no text. */
function firstPartOf(text: string): string {
  return text.length <= LONGEST_TEXT ? text : text.slice(0, LONGEST_TEXT).toWellFormed();
}

async function scoreOffline(batch: readonly string[]): Promise<number[]> {
  const { offlineSentiment } = await import("./offlineSentiment.ts");
  return batch.map(offlineSentiment);
}
