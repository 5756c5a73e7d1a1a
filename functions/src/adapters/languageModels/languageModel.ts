import type { z } from "zod";
import { type LanguageConfig, languageConfig } from "../../platform/config.ts";

/** One turn of a conversation. */
export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** One call of a language model. */
export interface Completion {
  readonly messages: readonly ChatMessage[];
  /** What the answer's JSON must be, and what that is called. */
  readonly schema: z.ZodType;
  readonly schemaName: string;
  /** The most that the answer may be long. */
  readonly outputTokens: number;
  readonly signal: AbortSignal;
}

/** What came back. */
export interface Completed {
  /** Undefined where the model refused. */
  readonly text: string | undefined;
  /** Undefined where the server does not count. */
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number } | undefined;
}

/** A language model that can be asked. */
export interface LanguageModel {
  /** @throws LanguageError */
  complete(completion: Completion): Promise<Completed>;
  readonly tokensPerDay: number;
}

/** The configured language model; undefined without a key. */
export async function openLanguageModel(
  config: LanguageConfig = languageConfig(),
): Promise<LanguageModel | undefined> {
  const { OPENAI_API_KEY: key } = config;
  if (key === undefined) return undefined;
  const { openaiModel } = await import("./openaiModel.ts");
  return openaiModel({ ...config, OPENAI_API_KEY: key });
}

let modelOfProcess: Promise<LanguageModel | undefined> | undefined;

/** This process' {@link openLanguageModel}, opened at the first call. */
export function languageModel(): Promise<LanguageModel | undefined> {
  modelOfProcess ??= openLanguageModel();
  return modelOfProcess;
}
