import { parseTimestamp } from "../../platform/timestamp.ts";
import type { DataType } from "../normalizationMap/normalizationMap.ts";
import type { NumberFormat } from "../normalizationMap/numberFormat.ts";
import type { RawValue } from "../rawDocument/losslessJson.ts";
import { readNumber } from "./readNumber.ts";
import { textObstacle } from "./storableText.ts";
import type { StoredValue } from "./value.ts";

type ScalarType = Exclude<DataType, "nested">;
type TextType = Extract<ScalarType, "text" | "paragraph" | "comment" | "link" | "image">;

/** A value as its type stores it; a number with its unit where it has one. */
type ConvertedValue = StoredValue & { readonly unit?: string };

/** What was expected where a value does not fit its type. */
export interface Misfit {
  readonly expected: string;
}

/**
 * A raw value as its type stores it. Nothing is rounded, cut or guessed; what does not fit is a {@link Misfit}.
 *
 * - int: whole numbers, also as `5.0`, in text, and beyond 32 bits
 * - float: numbers, also in text
 * - both in text as people write them, with a unit, where there is one way to read it (see {@link readNumber})
 * - date: ISO 8601 with `T` or a space; without a zone it is UTC; a number could be seconds or milliseconds
 * - bool: true and false, also in text, and 1 and 0
 * - text, paragraph, comment, link, image: any text, also an empty one or a relative link; numbers and booleans
 *   as they are written; a list of these as JSON, which keeps its elements apart
 */
export function convertValue(
  type: ScalarType,
  raw: Exclude<RawValue, null>,
  format: NumberFormat = {},
): ConvertedValue | Misfit {
  switch (type) {
    case "int":
    case "float":
      return toNumber(type, raw, format);
    case "date":
      return toDate(raw);
    case "bool":
      return toBoolean(raw);
    default:
      return toText(type, raw);
  }
}

const INT4_MAX = 2_147_483_647n;
const INT4_MIN = -2_147_483_648n;
// More than any count has, and far from the limit of numeric.
const MAX_DIGITS = 1000;

function toNumber(
  type: "int" | "float",
  raw: Exclude<RawValue, null>,
  format: NumberFormat,
): ConvertedValue | Misfit {
  const own = format.percent ? "%" : (format.currency ?? format.unit);
  const written =
    typeof raw === "string" && !PLAIN_NUMBER.test(raw.trim()) ? readNumber(raw, format) : undefined;
  if (written !== undefined && "expected" in written) {
    return written.expected === "a number" ? expectedOf(type) : written;
  }
  const number = written?.decimal ?? raw;
  const stored = type === "int" ? toInteger(number) : toFloat(number);
  if ("expected" in stored) return stored;
  const unit = written === undefined ? own : written.unit;
  return unit === undefined ? stored : { ...stored, unit };
}

// Digits alone, or what no separator of thousands can be: read as any program reads it. The rest is read as people do.
const PLAIN_NUMBER =
  /^[+-]?(?:\d+|0?\.\d+|0\.\d*|\d+\.|\d+\.\d{1,2}|\d+\.\d{4,}|\d{4,}\.\d{3})(?:\.0+)?$|^[+-]?(?:\d+(?:\.\d*)?|\.\d+)e[+-]?\d+$/i;

function expectedOf(type: "int" | "float"): Misfit {
  return { expected: type === "int" ? "an integer" : "a finite number" };
}

function toInteger(raw: RawValue): StoredValue | Misfit {
  const value = integerOf(raw);
  if (value === undefined) return expectedOf("int");
  if (value >= INT4_MIN && value <= INT4_MAX) return { table: "int", value: Number(value) };
  return { table: "bigint", value };
}

function integerOf(raw: RawValue): bigint | undefined {
  // A double beyond 2^53 may have been another number before it was rounded.
  if (typeof raw === "number") return Number.isSafeInteger(raw) ? BigInt(raw) : undefined;
  if (typeof raw !== "bigint" && typeof raw !== "string") return undefined;
  const text = String(raw).trim();
  const digits = /^([+-]?\d+)(?:\.0*)?$/.exec(text)?.[1];
  return digits === undefined || text.length > MAX_DIGITS ? undefined : BigInt(digits.replace("+", ""));
}

function toFloat(raw: RawValue): StoredValue | Misfit {
  const value = numberOf(raw);
  return Number.isFinite(value) ? { table: "float", value } : expectedOf("float");
}

function numberOf(raw: RawValue): number {
  if (typeof raw === "number" || typeof raw === "bigint") return Number(raw);
  // Each digit can be matched in one way only: two would take minutes for a text of 100,000.
  const isNumber = typeof raw === "string" && /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?\s*$/i.test(raw);
  return isNumber ? Number(raw) : Number.NaN;
}

function toDate(raw: RawValue): StoredValue | Misfit {
  const value = typeof raw === "string" ? parseTimestamp(raw) : undefined;
  // PostgreSQL writes years before 1 and after 9999 differently; none is a date of a company.
  const year = value?.getUTCFullYear() ?? 0;
  return value !== undefined && year >= 1 && year <= 9999
    ? { table: "date", value }
    : { expected: "a date (YYYY-MM-DD), with or without a time and a zone" };
}

function toBoolean(raw: RawValue): StoredValue | Misfit {
  const word = typeof raw === "string" ? raw.trim().toLowerCase() : raw;
  if (word === true || word === 1 || word === "true") return { table: "bool", value: true };
  if (word === false || word === 0 || word === "false") return { table: "bool", value: false };
  return { expected: "true or false" };
}

function toText(table: TextType, raw: Exclude<RawValue, null>): StoredValue | Misfit {
  if (Array.isArray(raw)) {
    return raw.every(isScalar)
      ? { table, value: `[${raw.map(toJson).join(",")}]` }
      : { expected: "text, or a list of texts" };
  }
  if (!isScalar(raw)) return { expected: "text" };
  const value = String(raw);
  const obstacle = textObstacle(value);
  return obstacle === undefined ? { table, value } : { expected: obstacle };
}

function isScalar(raw: RawValue): boolean {
  return typeof raw !== "object" || raw === null;
}

/** JSON.stringify() for a scalar, which does not know bigint. */
function toJson(raw: RawValue): string {
  return typeof raw === "bigint" ? String(raw) : JSON.stringify(raw);
}
