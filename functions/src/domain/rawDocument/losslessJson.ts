import { checkJsonSize } from "../../platform/jsonSize.ts";

/** A JSON value without loss: an integer that a double cannot hold is a bigint. */
export type RawValue = null | boolean | number | bigint | string | RawList | RawObject;
export type RawList = readonly RawValue[];
export interface RawObject {
  readonly [field: string]: RawValue;
}

/** Whether a value is a JSON object. */
export function isRawObject(value: unknown): value is RawObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export interface LosslessJson {
  readonly value: RawValue;
  /**
   * What the value lacks of the text, or undefined: a decimal number of more digits than a double holds is a string of
   * its digits, and of a field that is there twice only the last value is left.
   */
  readonly loss: string | undefined;
}

// JSON.parse's reviver sees each number's digits, but makes parsing several times slower and needs twice the
// memory. Only a run of 16 digits, or an exponent, can be more than a double holds.
const SUSPICIOUS_NUMBER = /\d[\d.]{15}|[[:,\s]-?\d[\d.]*[eE]/;

// Nobody counts that far, and a bigint of a million digits takes seconds.
const MAX_DIGITS = 1000;

/**
 * Parses JSON text without losing a digit.
 *
 * @throws SyntaxError where it is not JSON
 * @throws ApiError 422 where it is nested deeper than 1000 levels, 413 where it holds more than `maxValues` values (500,000)
 */
export function parseLosslessJson(
  text: string,
  { maxValues }: { readonly maxValues?: number } = {},
): LosslessJson {
  const { fields } = checkJsonSize(text, maxValues);
  const { value, numbersFit } = parseNumbers(text);
  return {
    value,
    loss: numbersFit ? repeatedField(value, fields) : "a number has more digits than a double holds",
  };
}

function parseNumbers(text: string): { value: RawValue; numbersFit: boolean } {
  if (SUSPICIOUS_NUMBER.test(text)) return parseWithDigits(text);
  const value: RawValue = JSON.parse(text);
  return { value, numbersFit: true };
}

function repeatedField(value: RawValue, fieldsInText: number): string | undefined {
  return countFields(value) < fieldsInText ? "an object has a field twice" : undefined;
}

function countFields(value: RawValue): number {
  let fields = 0;
  // Without recursion: the nesting may be hostile.
  const open: RawValue[] = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next !== "object" || next === null) continue;
    const inner: readonly RawValue[] = Array.isArray(next) ? next : Object.values(next);
    if (!Array.isArray(next)) fields += inner.length;
    for (const element of inner) if (typeof element === "object" && element !== null) open.push(element);
  }
  return fields;
}

declare global {
  interface JSON {
    /** The reviver's context (JSON.parse source text access), which TypeScript's library does not know yet. */
    parse(
      text: string,
      reviver: (field: string, value: RawValue, context: { source?: string }) => RawValue,
    ): RawValue;
  }
}

function parseWithDigits(text: string): { value: RawValue; numbersFit: boolean } {
  let numbersFit = true;
  const value = JSON.parse(text, (_field, parsed, { source }) => {
    if (typeof parsed !== "number" || source === undefined) return parsed;
    // Looking at millions of digits takes long, and they are none of a double's.
    if (source.length <= MAX_DIGITS) {
      if (/^-?\d+$/.test(source)) return Number.isSafeInteger(parsed) ? parsed : BigInt(source);
      if (keepsItsDigits(parsed, source)) return parsed;
    }
    numbersFit = false;
    return source;
  });
  return { value, numbersFit };
}

/** Whether the double is printed as the text's number: in as few digits as tell it, or in as many as the text has. */
function keepsItsDigits(parsed: number, source: string): boolean {
  const digits = significantDigits(source);
  // toPrecision takes up to 100; a number of more digits is none of a double's.
  if (digits.length > 100 || !Number.isFinite(parsed)) return false;
  const printed = [String(parsed), parsed.toPrecision(Math.max(1, digits.length))];
  return printed.some((text) => significantDigits(text) === digits);
}

function significantDigits(literal: string): string {
  const [mantissa = ""] = literal.toLowerCase().split("e");
  return mantissa
    .replaceAll(/[-+.]/g, "")
    .replace(/^0+/, "")
    .replace(/(?<!0)0+$/, "");
}
