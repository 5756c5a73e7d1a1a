import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { LanguageError } from "../../../adapters/languageModels/languageError.ts";
import type {
  ChatMessage,
  Completed,
  LanguageModel,
} from "../../../adapters/languageModels/languageModel.ts";
import { prompt } from "../../../adapters/languageModels/prompt.ts";
import { logWarning } from "../../../platform/log.ts";
import type { Database } from "../../../platform/postgres.ts";
import { type Reservation, reserveTokens, settleTokens } from "./languageBudget.ts";

/** Who is asked, and for how long. */
export interface Asking {
  readonly db: Database;
  /** Undefined without a key. */
  readonly model: LanguageModel | undefined;
  /** Ends the call, and the waiting between two tries. */
  readonly signal: AbortSignal;
  /** How the time between two tries is waited for. */
  readonly pause?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

export interface Question<S extends z.ZodType> {
  /** What to do, in our own words. */
  readonly system: string;
  /** What to do it with. */
  readonly user: string;
  /** Checks the answer. Its refinements' messages tell the model what was wrong. */
  readonly schema: S;
  /** Names the question for the model and in the log: letters, digits and `_`. */
  readonly purpose: string;
  readonly outputTokens: number;
  readonly now: Date;
}

const TRIES = 3;
const FIRST_PAUSE_MS = 500;
// A server that wants to be left alone for longer than this is asked again by the queue.
const LONGEST_PAUSE_MS = 20_000;

/**
 * Asks the language model, up to three times, until it gives an answer that the schema takes.
 *
 * @returns undefined where there is no one to ask: no key is set, or the day's budget is used up
 * @throws LanguageError where no try gave an answer
 */
export async function askForJson<S extends z.ZodType>(
  asking: Asking,
  question: Question<S>,
): Promise<z.output<S> | undefined> {
  const { model } = asking;
  if (model === undefined) return undefined;
  let messages: readonly ChatMessage[] = [
    { role: "system", content: question.system },
    { role: "user", content: question.user },
  ];
  for (let tries = 1; ; tries += 1) {
    try {
      const completed = await completeWithinBudget(asking, model, messages, question);
      if (completed === undefined) return undefined;
      const read = readJson(completed, question.schema);
      if (read.success) return read.value;
      messages = [...messages, ...read.again];
      throw read.error;
    } catch (error) {
      if (!(error instanceof LanguageError) || tries === TRIES || !isWorthAnotherTry(error)) throw error;
      logWarning("The language model is asked again", { purpose: question.purpose, failure: error.type });
      await pauseAfter(error, tries, asking);
    }
  }
}

function isWorthAnotherTry({ type, retryAfterMs = 0 }: LanguageError): boolean {
  return type !== "Rejected" && retryAfterMs <= LONGEST_PAUSE_MS;
}

async function pauseAfter(error: LanguageError, tries: number, { signal, pause }: Asking): Promise<void> {
  // Spread out, so that calls that failed together do not come back together.
  const backOff = FIRST_PAUSE_MS * 2 ** (tries - 1) * (1 + Math.random());
  try {
    await (pause ?? sleep)(error.retryAfterMs ?? backOff, signal);
    signal.throwIfAborted();
  } catch (interruption) {
    if (signal.aborted) throw error;
    throw interruption;
  }
}

async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  await wait(milliseconds, undefined, { signal });
}

async function completeWithinBudget(
  { db, signal }: Asking,
  model: LanguageModel,
  messages: readonly ChatMessage[],
  { schema, purpose, outputTokens, now }: Question<z.ZodType>,
): Promise<Completed | undefined> {
  const call = { messages, outputTokens, tokensPerDay: model.tokensPerDay };
  const reservation = await reserveTokens(db, call, now);
  if (reservation === undefined) {
    logWarning("The language model is not asked: the day's budget is used up", { purpose });
    return undefined;
  }
  let completed: Completed;
  try {
    completed = await model.complete({ messages, schema, schemaName: purpose, outputTokens, signal });
  } catch (error) {
    await settleFailed(db, reservation, error);
    throw error;
  }
  if (completed.usage !== undefined) await settleTokens(db, reservation, completed.usage);
  return completed;
}

/** A server that said no has used nothing. One that was left before it answered may have used all. */
async function settleFailed(db: Database, reservation: Reservation, error: unknown): Promise<void> {
  if (!(error instanceof LanguageError)) return;
  const { type } = error;
  if (type !== "RateLimited" && type !== "Unavailable" && type !== "Rejected") return;
  await settleTokens(db, reservation, { inputTokens: 0, outputTokens: 0 });
}

type ReadAnswer<S extends z.ZodType> =
  | { readonly success: true; readonly value: z.output<S> }
  | { readonly success: false; readonly error: LanguageError; readonly again: readonly ChatMessage[] };

function readJson<S extends z.ZodType>({ text }: Completed, schema: S): ReadAnswer<S> {
  if (text === undefined) {
    const error = new LanguageError("Refused", "The language model refused to answer");
    return { success: false, error, again: [] };
  }
  const parsed = schema.safeParse(jsonIn(text));
  if (parsed.success) return { success: true, value: parsed.data };
  return {
    success: false,
    error: new LanguageError("InvalidAnswer", "The language model's answer is not what was asked for"),
    again: [
      { role: "assistant", content: text },
      { role: "user", content: prompt("answer-again", { reason: z.prettifyError(parsed.error) }) },
    ],
  };
}

/** The JSON object in an answer. Models that know no schemas like to put words or a code fence around it. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1));
  } catch {
    return undefined;
  }
}
