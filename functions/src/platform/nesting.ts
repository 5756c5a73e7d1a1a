import { ApiError } from "./apiError.ts";

// Recursive code downstream copes with this depth many times over, and no caller comes near it.
const MOST_LEVELS = 1000;

/**
 * Looks how deep JSON text is nested, before it is parsed: parsing 20 MiB of brackets takes more than a gigabyte.
 *
 * @throws ApiError 422 where it is deeper than 1000 levels
 */
export function checkNesting(text: string): void {
  // Most texts have fewer brackets than that, which is seen much faster.
  if (count(text, "{") + count(text, "[") <= MOST_LEVELS) return;
  let level = 0;
  let isInText = false;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (isInText) {
      if (code === BACKSLASH) i += 1;
      else if (code === QUOTE) isInText = false;
    } else if (code === QUOTE) isInText = true;
    else if (code === BRACE || code === BRACKET) {
      level += 1;
      if (level > MOST_LEVELS) {
        throw new ApiError("invalid_request", `The body is nested deeper than ${MOST_LEVELS} levels`);
      }
    } else if (code === BRACE_END || code === BRACKET_END) level -= 1;
  }
}

const [QUOTE, BACKSLASH, BRACE, BRACE_END, BRACKET, BRACKET_END] = [0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d];

/** How often a character is there; once it is too often, how far it was counted. */
function count(text: string, character: string): number {
  let found = 0;
  for (let at = text.indexOf(character); at !== -1 && found <= MOST_LEVELS; found += 1) {
    at = text.indexOf(character, at + 1);
  }
  return found;
}
