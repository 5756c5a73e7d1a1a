import { z } from "zod";
import {
  type NormalizationMap,
  normalizationMap,
} from "../../functions/src/domain/normalizationMap/normalizationMap.ts";
import { parsePythonLiteral } from "../../functions/src/domain/normalizationMap/pythonLiteral.ts";
import {
  isRawObject,
  parseLosslessJson,
  type RawObject,
} from "../../functions/src/domain/rawDocument/losslessJson.ts";
import { AGGREGATIONS } from "../../functions/src/domain/rule/aggregations.ts";
import { parseTimestamp } from "../../functions/src/platform/timestamp.ts";
import { messageOf, UserError } from "../userError.ts";

const instant = z.string().transform((text, context) => {
  const at = parseTimestamp(text);
  if (at !== undefined) return at;
  context.addIssue({ code: "custom", message: `"${text}" is not a time such as 2026-03-02T06:00:00Z` });
  return z.NEVER;
});

const rule = z.object({
  measurement: z.string(),
  threshold: z.coerce.number(),
  aggregation: z
    .string()
    .nullish()
    .transform((name) => name ?? null)
    .refine((name) => name === null || aggregationNames().includes(name.trim().toUpperCase()), {
      error: () => `expected one of ${aggregationNames().filter(Boolean).join(", ")}`,
    }),
  entries: z.int().positive().nullish(),
  minimumChange: z.coerce.number().nonnegative().nullish(),
});

const document = z
  .object({
    observedAt: instant,
    receivedAt: instant.nullish(),
    data: z.custom<RawObject>(isRawObject, "expected an object"),
  })
  .transform(({ observedAt, receivedAt, data }) => ({
    observedAt,
    receivedAt: receivedAt ?? observedAt,
    data,
  }));

const replayFile = z.object({
  map: z.unknown().transform((map, context) => {
    const read = readMap(map);
    if (read.success) return read.data;
    context.addIssue({ code: "custom", message: read.reason });
    return z.NEVER;
  }),
  frequency: z
    .string()
    .transform((name) => name.trim().toUpperCase())
    .pipe(z.enum(["HOURLY", "DAILY", "WEEKLY", "MONTHLY"], "expected hourly, daily, weekly or monthly"))
    .default("DAILY"),
  company: z
    .object({ name: z.string().min(1), domains: z.array(z.string()).default([]) })
    .default({ name: "Example Inc.", domains: [] }),
  rules: z.array(rule).default([]),
  documents: z.array(document).min(1, "expected at least one document"),
});

/** What a file of raw answers asks for. */
export type ReplayFile = z.output<typeof replayFile>;

/**
 * Reads a file of raw answers. Its numbers are read without loss, as a module's answer is.
 *
 * @throws UserError that says what is wrong, and where
 */
export function parseReplayFile(text: string): ReplayFile {
  let value: unknown;
  try {
    ({ value } = parseLosslessJson(text, { maxValues: 20_000_000 }));
  } catch (cause) {
    throw new UserError(`It is not JSON: ${messageOf(cause)}`, { cause });
  }
  const parsed = replayFile.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.length === 0 ? "the file" : path.join(".")}: ${message}`);
  throw new UserError(problems.join("\n"), { cause: parsed.error });
}

/** A list of mappings, a map, or the text that a handshake sends. */
function readMap(
  given: unknown,
): { success: true; data: NormalizationMap } | { success: false; reason: string } {
  let value = given;
  try {
    if (typeof given === "string")
      value = given.trim().startsWith("{'") ? parsePythonLiteral(given) : JSON.parse(given);
  } catch (error) {
    return { success: false, reason: `neither JSON nor a Python literal: ${messageOf(error)}` };
  }
  if (Array.isArray(value)) value = { Source: "replay", Mappings: value };
  else if (isRawObject(value) && !("Source" in value)) value = { Source: "replay", ...value };
  const parsed = normalizationMap.safeParse(value);
  return parsed.success
    ? parsed
    : { success: false, reason: z.prettifyError(parsed.error).replaceAll(/\s+/g, " ") };
}

function aggregationNames(): string[] {
  return Object.entries(AGGREGATIONS).flatMap(([name, { aliases }]) => [name, ...aliases]);
}
