import { lazily } from "../../platform/lazily.ts";

const graphemes = lazily(() => new Intl.Segmenter("en", { granularity: "grapheme" }));

// Control characters but the line feed, and the marks that turn the direction of whatever follows them: a name
// that carries one must not change how the rest of the message reads. Lone surrogates are no text at all.
const UNPRINTABLE = /(?!\n)\p{Cc}|[\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/gu;

/** Text without what cannot be shown or would disturb its surroundings. Line breaks stay, as one kind. */
export function printable(text: string): string {
  return text
    .replaceAll(/\r\n?|\u2028|\u2029/g, "\n")
    .replaceAll("\t", " ")
    .replaceAll(UNPRINTABLE, "");
}

/** Text on one line: for subjects, headers and names. */
export function oneLine(text: string): string {
  return printable(text).replaceAll(/\s+/g, " ").trim();
}

/**
 * Shortens a text to `max`, ending in "…" after a whole word. Only a first word that is too long by itself is cut,
 * and then between two characters as readers see them.
 *
 * @param costOf what a piece of the text takes up, where that is not its length (escaped text is longer)
 */
export function clipWords(text: string, max: number, costOf = (piece: string) => piece.length): string {
  if (costOf(text) <= max) return text;
  const room = max - costOf("…");
  let spent = 0;
  let end = 0;
  let lastWordEnd = 0;
  let inWord = false;
  for (const { segment, index } of graphemes().segment(text)) {
    const isSpace = /^\s/.test(segment);
    if (isSpace && inWord) lastWordEnd = index;
    inWord = !isSpace;
    spent += costOf(segment);
    if (spent > room) break;
    end = index + segment.length;
  }
  return `${text.slice(0, lastWordEnd > 0 ? lastWordEnd : end)}…`;
}

/** A text on one line, of at most `max` characters: "…" ends one that was cut, wherever that is. */
export function clipLine(text: string, max: number): string {
  const line = oneLine(text);
  return line.length > max
    ? `${line
        .slice(0, max - 1)
        .toWellFormed()
        .trimEnd()}…`
    : line;
}
