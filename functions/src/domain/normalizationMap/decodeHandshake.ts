import { z } from "zod";
import { ModuleError } from "../miningModule/moduleError.ts";
import { type NormalizationMap, normalizationMap } from "./normalizationMap.ts";
import { parsePythonLiteral } from "./pythonLiteral.ts";

const FREQUENCIES = ["hourly", "daily", "weekly", "monthly"] as const;

const answer = z.object({
  frequency: z
    .string()
    .transform((text) => text.trim().toLowerCase())
    .pipe(z.enum(FREQUENCIES)),
  normalization_map: z.unknown().transform((value, context) => {
    if (typeof value !== "string") return value;
    try {
      return readText(value);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      context.addIssue({ code: "custom", message: `neither JSON nor a Python literal: ${message}` });
      return z.NEVER;
    }
  }),
});

const handshake = answer.extend({ normalization_map: answer.shape.normalization_map.pipe(normalizationMap) });

/**
 * Reads a module's answer to GET /initialize. The modules send a JSON string that holds JSON, the map of which is
 * what Python's repr() prints; plain JSON, with the map as an object or as text, is understood as well.
 *
 * @throws ModuleError that names what is wrong, and where
 */
export function decodeHandshake(body: string): {
  frequency: (typeof FREQUENCIES)[number];
  map: NormalizationMap;
} {
  const { frequency, normalization_map: map } = parseAnswer(parseBody(body));
  return { frequency, map };
}

function parseBody(body: string): unknown {
  try {
    const outer: unknown = JSON.parse(body);
    return typeof outer === "string" ? JSON.parse(outer) : outer;
  } catch (error) {
    throw unusable("it is not JSON", error);
  }
}

function parseAnswer(value: unknown): z.output<typeof handshake> {
  const parsed = handshake.safeParse(value);
  if (parsed.success) return parsed.data;
  throw unusable(z.prettifyError(parsed.error), parsed.error);
}

/** A map in text: JSON, or else a Python literal. */
function readText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return parsePythonLiteral(text);
  }
}

function unusable(reason: string, cause: unknown): ModuleError {
  return new ModuleError("InvalidAnswer", `The module's answer to /initialize cannot be used: ${reason}`, {
    retryable: false,
    cause,
  });
}
