import model from "wink-eng-lite-web-model";
import winkNlp from "wink-nlp";
import { NEUTRAL } from "./sentimentScore.ts";

const nlp = winkNlp(model, ["sbd", "negation", "sentiment"]);

// A comment of this length takes about 20 ms, and has long said what it feels.
const LONGEST_TEXT = 5000;

/**
 * Scores a text by its words: 0 is angry, 10 enthusiastic, 5 neutral. It knows English, negation and emoji; what
 * it cannot read is neutral.
 */
export function offlineSentiment(text: string): number {
  const sentences: readonly (number | string)[] = nlp
    .readDoc(text.slice(0, LONGEST_TEXT))
    .sentences()
    .out(nlp.its.sentiment);
  // Sentences without a feeling say nothing against those that have one.
  const feelings = sentences.filter((feeling) => typeof feeling === "number" && feeling !== 0).map(Number);
  if (feelings.length === 0) return NEUTRAL;
  const mean = feelings.reduce((sum, feeling) => sum + feeling, 0) / feelings.length;
  return Math.min(10, Math.max(0, Math.round(NEUTRAL + 5 * mean)));
}
