import { afterAll, beforeAll, jest } from "@jest/globals";
import { logger } from "firebase-functions/logger";
import { openLanguageModel } from "../src/adapters/languageModels/languageModel.ts";
import { languageConfig } from "../src/platform/config.ts";
import type { Database } from "../src/platform/postgres.ts";
import type { Asking } from "../src/stages/analyze/language/askForJson.ts";
import { type OpenaiStandin, startOpenai } from "./standins/openai.ts";

/** A stand-in for OpenAI for the tests of one file, and what is logged of it. Use it inside tests only. */
export function openOpenai(db: Database) {
  let standin: OpenaiStandin | undefined;
  const lines: string[] = [];
  beforeAll(async () => {
    standin = await startOpenai();
    jest.spyOn(logger, "warn").mockImplementation((...line) => {
      lines.push(JSON.stringify(line));
    });
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    await standin?.stop();
  });
  const openai = (): OpenaiStandin => {
    if (standin === undefined) throw new Error("The stand-in runs inside tests only");
    return standin;
  };
  return {
    openai,
    /** The warnings since the file's first test. */
    warnings: (): readonly string[] => lines,
    /** Asks the stand-in, keeping the pauses between two tries instead of waiting for them. */
    async asking(environment: Readonly<Record<string, string>> = {}, signal = AbortSignal.timeout(60_000)) {
      const pauses: number[] = [];
      const model = await openLanguageModel(
        languageConfig({ OPENAI_API_KEY: openai().apiKey, OPENAI_BASE_URL: openai().url, ...environment }),
      );
      const asking: Asking = {
        db,
        model,
        signal,
        pause: async (milliseconds) => {
          pauses.push(milliseconds);
        },
      };
      return { ...asking, pauses };
    },
  };
}
