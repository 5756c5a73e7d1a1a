import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { localDir } from "../paths.ts";
import { messageOf, UserError } from "../userError.ts";
import type { Machine } from "./machine.ts";
import type { Figure } from "./suite.ts";

/** What a run of the benchmark came to. */
export interface BenchResult {
  readonly at: string;
  readonly quick: boolean;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly suites: readonly SuiteResult[];
}

/** What a suite came to. */
export interface SuiteResult {
  readonly name: string;
  readonly explains: string;
  readonly seconds: number;
  /** How busy the machine was before and after. */
  readonly load: readonly [before: number, after: number];
  readonly figures: readonly Figure[];
  /** Why it has no figures. */
  readonly error?: string;
}

/** Where a result is kept. */
export function resultFile({ at }: Pick<BenchResult, "at">): string {
  return join(localDir, "bench", `${at.replaceAll(/[:.]/g, "-")}.json`);
}

/** Keeps a result, in the place of what was kept of the same run before. */
export async function saveResult(result: BenchResult): Promise<void> {
  const file = resultFile(result);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(result, null, 2)}\n`);
}

const earlierFigure = z.object({
  name: z.string(),
  measured: z.discriminatedUnion("as", [
    z.object({ as: z.literal("ratio"), median: z.number(), spread: z.tuple([z.number(), z.number()]) }),
    z.object({ as: z.literal("count"), count: z.number() }),
  ]),
});

const earlierResult = z.object({
  at: z.string(),
  quick: z.boolean(),
  suites: z.array(z.object({ name: z.string(), figures: z.array(earlierFigure) })),
});

type Saved = z.output<typeof earlierResult>;

/** A figure as it was saved, as far as it is compared. */
export type EarlierMeasured =
  | { readonly as: "ratio"; readonly median: number; readonly spread: readonly [number, number] }
  | { readonly as: "count"; readonly count: number };

/** A result as it was saved, as far as it is compared. */
export interface EarlierResult extends Pick<Saved, "at" | "quick"> {
  readonly suites: readonly {
    readonly name: string;
    readonly figures: readonly { readonly name: string; readonly measured: EarlierMeasured }[];
  }[];
}

/** Reads a result that was saved. @throws UserError where it is none */
export async function readResult(file: string): Promise<EarlierResult> {
  try {
    return earlierResult.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (error) {
    throw new UserError(
      `${file} is no result of scripts/dev bench (${messageOf(error)}): they are in .local/bench/.`,
      { cause: error },
    );
  }
}
