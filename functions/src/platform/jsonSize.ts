import { ApiError } from "./apiError.ts";

// Recursive code copes with many times this depth, and no caller comes near it.
const MAX_LEVELS = 1000;

// What a parsed body takes depends on its values more than on its bytes. The largest answer of a module seen so far has
// 45,000; what the functions' memory holds is measured by memory.test.ts.
const MAX_VALUES = 500_000;

/** What a JSON text holds, judged by its punctuation. */
export interface JsonSize {
  /** Approximate number of values and field names. */
  readonly values: number;
  /** The fields of all its objects, each as often as it is there. */
  readonly fields: number;
}

/**
 * Measures JSON text before it is parsed: 20 MiB of brackets or zeros take gigabytes.
 *
 * @throws ApiError 422 where it is nested deeper than 1000 levels, 413 where it holds more than `maxValues` values
 */
export function checkJsonSize(text: string, maxValues = MAX_VALUES): JsonSize {
  let level = 0;
  let commas = 0;
  let fields = 0;
  for (let i = 0; i < text.length; i += 1) {
    switch (text.charCodeAt(i)) {
      case QUOTE:
        i = endOfText(text, i);
        break;
      case COMMA:
        commas += 1;
        break;
      case COLON:
        fields += 1;
        break;
      case BRACE:
      case BRACKET:
        level += 1;
        commas += 1;
        if (level > MAX_LEVELS) {
          throw new ApiError("invalid_request", `The body is nested deeper than ${MAX_LEVELS} levels`);
        }
        break;
      case BRACE_END:
      case BRACKET_END:
        level -= 1;
        break;
    }
    if (commas > maxValues) {
      throw new ApiError("body_too_large", `The body holds more than ${maxValues} values`);
    }
  }
  return { values: commas, fields };
}

const [QUOTE, BACKSLASH, BRACE, BRACE_END, BRACKET, BRACKET_END] = [0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d];
const [COMMA, COLON] = [0x2c, 0x3a];

/** Where the text ends that begins at `start`: at the next quote that no odd number of backslashes precedes. */
function endOfText(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}
