import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";
import type { LanguageConfig } from "../../platform/config.ts";
import { LanguageError } from "./languageError.ts";
import type { ChatMessage, Completed, Completion, LanguageModel } from "./languageModel.ts";
import { prompt } from "./prompt.ts";

/** A server that speaks OpenAI's chat completions API: OpenAI itself, or a compatible one. */
export function openaiModel(config: LanguageConfig & { readonly OPENAI_API_KEY: string }): LanguageModel {
  const client = new OpenAI({
    apiKey: config.OPENAI_API_KEY,
    baseURL: config.OPENAI_BASE_URL,
    timeout: config.OPENAI_TIMEOUT_SECONDS * 1000,
    // Calls are counted, so whoever counts them repeats them.
    maxRetries: 0,
    // The client would log what is asked and answered.
    logLevel: "off",
  });
  let takesSchemas = true;

  return {
    tokensPerDay: config.OPENAI_TOKENS_PER_DAY,
    async complete(completion) {
      if (takesSchemas) {
        try {
          return await complete(client, config.OPENAI_MODEL, completion, "schema");
        } catch (error) {
          if (!(error instanceof OpenAI.APIError) || !mayBeForTheSchema(error)) throw languageError(error);
        }
      }
      try {
        const completed = await complete(client, config.OPENAI_MODEL, completion, "plain");
        takesSchemas = false;
        return completed;
      } catch (error) {
        throw languageError(error);
      }
    },
  };
}

/** Servers that do not know `response_format` say so in many ways, with one of these. */
function mayBeForTheSchema({ status }: { readonly status?: number | undefined }): boolean {
  return status === 400 || status === 422 || status === 501;
}

async function complete(
  client: OpenAI,
  model: string,
  { messages, schema, schemaName, outputTokens, signal }: Completion,
  format: "schema" | "plain",
): Promise<Completed> {
  const responseFormat = zodResponseFormat(schema, schemaName);
  const answer = await client.chat.completions.create(
    {
      model,
      messages: format === "schema" ? [...messages] : withSchema(messages, responseFormat.json_schema.schema),
      max_completion_tokens: outputTokens,
      ...(format === "schema" ? { response_format: responseFormat } : {}),
    },
    { signal },
  );
  return readAnswer(answer);
}

function withSchema([system, ...others]: readonly ChatMessage[], schema: unknown): ChatMessage[] {
  const wanted = prompt("plain-json", { schema: JSON.stringify(schema) });
  return [{ role: "system", content: `${system?.content ?? ""}${wanted}` }, ...others];
}

const chatCompletion = z.object({
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
      }),
    )
    .min(1),
  usage: z.object({ prompt_tokens: z.int(), completion_tokens: z.int() }).nullish(),
});

/** The client does not check what it is answered. */
function readAnswer(answer: unknown): Completed {
  const parsed = chatCompletion.safeParse(answer);
  if (!parsed.success) {
    throw new LanguageError("InvalidAnswer", "What answered is no chat completions API", {
      cause: parsed.error,
    });
  }
  const { choices, usage } = parsed.data;
  const [choice] = choices;
  const isRefused = Boolean(choice?.message.refusal) || choice?.finish_reason === "content_filter";
  return {
    text: isRefused ? undefined : (choice?.message.content ?? ""),
    usage: usage ? { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens } : undefined,
  };
}

function languageError(error: unknown): unknown {
  if (error instanceof OpenAI.APIUserAbortError || error instanceof OpenAI.APIConnectionTimeoutError) {
    return new LanguageError("Timeout", "The language model did not answer in time");
  }
  if (error instanceof OpenAI.APIConnectionError) {
    return new LanguageError("Disconnected", "The language model cannot be reached", { cause: error.cause });
  }
  if (error instanceof OpenAI.APIError) return statusError(error);
  if (error instanceof SyntaxError) {
    return new LanguageError("InvalidAnswer", "What answered is no chat completions API");
  }
  return error;
}

/** The server's own words are left out: some repeat what was asked, or a part of the key. */
function statusError(error: InstanceType<typeof OpenAI.APIError>): LanguageError {
  const status = error.status ?? 0;
  const code = error.code ?? "no code";
  const message = `The language model's server answered ${status} (${code})`;
  const retryAfterMs = retryAfter(error.headers);
  // An account without money answers 429 as well, until somebody pays.
  if (status === 429 && code !== "insufficient_quota") {
    return new LanguageError("RateLimited", message, { retryAfterMs });
  }
  const isPassing = status === 408 || status === 409 || status >= 500;
  return new LanguageError(isPassing ? "Unavailable" : "Rejected", message, { retryAfterMs });
}

function retryAfter(headers: Headers | undefined): number | undefined {
  const text = headers?.get("retry-after");
  if (!text) return undefined;
  const milliseconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(milliseconds) ? undefined : Math.max(0, milliseconds);
}
