/** What a Python literal can hold, in JavaScript's terms: tuples are lists, integers beyond 2^53 are bigints. */
export type PythonValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PythonValue[]
  | { [key: string]: PythonValue };

/** A text that is no Python literal, or none that is understood here. */
export class PythonLiteralError extends Error {
  override readonly name = "PythonLiteralError";
}

/**
 * Reads a value as Python's repr() prints it: dictionaries with text keys, lists, tuples, text (with escapes, a
 * `u` in front, or in several pieces, as pprint prints long ones), numbers, True, False and None. Nothing is
 * evaluated.
 *
 * @throws PythonLiteralError that says what was found, and where
 */
export function parsePythonLiteral(text: string): PythonValue {
  const reader = new Reader(text);
  const value = readValue(reader, 0);
  reader.skipSpace();
  if (!reader.atEnd()) throw reader.error("expected the end");
  return value;
}

// Deeper than any map, and far from the end of the stack.
const MAX_DEPTH = 200;

/** A position in a text, which only moves forward. */
class Reader {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    return this.#position >= this.#text.length;
  }

  peek(): string {
    return this.#text.charAt(this.#position);
  }

  /** Goes on after what `sticky` (a pattern with the y flag) matches here. */
  take(sticky: RegExp): string | undefined {
    sticky.lastIndex = this.#position;
    const found = sticky.exec(this.#text)?.[0];
    this.#position += found?.length ?? 0;
    return found;
  }

  skipSpace(): void {
    this.take(/\s*/y);
  }

  /** Goes on after `token`, if it comes next but for white space. */
  skip(token: string): boolean {
    this.skipSpace();
    if (!this.#text.startsWith(token, this.#position)) return false;
    this.#position += token.length;
    return true;
  }

  error(expectation: string): PythonLiteralError {
    const found = this.atEnd() ? "the end" : JSON.stringify(this.#text.slice(this.#position).slice(0, 20));
    return new PythonLiteralError(`${expectation}, found ${found} at position ${this.#position}`);
  }
}

const NAMES = new Map<string, PythonValue>([
  ["True", true],
  ["False", false],
  ["None", null],
  ["inf", Number.POSITIVE_INFINITY],
  ["-inf", Number.NEGATIVE_INFINITY],
  ["nan", Number.NaN],
]);

function readValue(reader: Reader, depth: number): PythonValue {
  if (depth > MAX_DEPTH) throw reader.error(`expected at most ${MAX_DEPTH} levels`);
  reader.skipSpace();
  if (reader.skip("{")) return readDictionary(reader, depth);
  if (reader.skip("[")) return readElements(reader, depth, "]").elements;
  if (reader.skip("(")) return readParentheses(reader, depth);
  if (startsText(reader)) return readText(reader);
  const number = reader.take(/-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])/y);
  if (number !== undefined) return readNumber(reader, number);
  const word = reader.take(/-?[A-Za-z_]\w*/y);
  const named = word === undefined ? undefined : NAMES.get(word);
  if (named === undefined)
    throw reader.error(word === undefined ? "expected a value" : `unknown name ${word}`);
  return named;
}

// No map has one, and a bigint of a million digits takes seconds.
const MAX_DIGITS = 1000;

function readNumber(reader: Reader, digits: string): number | bigint {
  if (digits.length > MAX_DIGITS) throw reader.error(`expected at most ${MAX_DIGITS} digits`);
  const number = Number(digits);
  return /^-?\d+$/.test(digits) && !Number.isSafeInteger(number) ? BigInt(digits) : number;
}

function readDictionary(reader: Reader, depth: number): { [key: string]: PythonValue } {
  const entries: [string, PythonValue][] = [];
  while (!reader.skip("}")) {
    if (entries.length > 0 && !reader.skip(",")) throw reader.error("expected , or }");
    if (reader.skip("}")) break;
    reader.skipSpace();
    if (!startsText(reader)) throw reader.error("expected a key in quotes");
    const key = readText(reader);
    if (!reader.skip(":")) throw reader.error("expected :");
    entries.push([key, readValue(reader, depth + 1)]);
  }
  // Unlike an assignment, this makes a plain field of `__proto__` too.
  return Object.fromEntries(entries);
}

function readElements(reader: Reader, depth: number, end: string) {
  const elements: PythonValue[] = [];
  let commas = 0;
  while (!reader.skip(end)) {
    if (elements.length > 0) {
      if (!reader.skip(",")) throw reader.error(`expected , or ${end}`);
      commas += 1;
      if (reader.skip(end)) break;
    }
    elements.push(readValue(reader, depth + 1));
  }
  return { elements, commas };
}

/** `(a,)` and `(a, b)` are tuples, `(a)` is a. */
function readParentheses(reader: Reader, depth: number): PythonValue {
  const { elements, commas } = readElements(reader, depth, ")");
  const [only] = elements;
  return only !== undefined && commas === 0 ? only : elements;
}

function startsText(reader: Reader): boolean {
  return /['"]/.test(reader.peek()) || reader.take(/[uU](?=['"])/y) !== undefined;
}

function readText(reader: Reader): string {
  let text = "";
  do {
    text += readPiece(reader);
    reader.skipSpace();
  } while (startsText(reader));
  return text;
}

const ESCAPES = new Map([
  ["\\\\", "\\"],
  ["\\'", "'"],
  ['\\"', '"'],
  ["\\n", "\n"],
  ["\\r", "\r"],
  ["\\t", "\t"],
  ["\\a", "\x07"],
  ["\\b", "\b"],
  ["\\f", "\f"],
  ["\\v", "\v"],
]);

function readPiece(reader: Reader): string {
  const quote = reader.take(/['"]/y);
  const plain = quote === "'" ? /[^'\\\n]+/y : /[^"\\\n]+/y;
  let piece = "";
  while (reader.peek() !== quote) {
    const characters = reader.take(plain);
    if (characters !== undefined) piece += characters;
    else if (reader.peek() === "\\") piece += readEscape(reader);
    else throw reader.error(`expected ${quote} at the end of the text`);
  }
  reader.take(/['"]/y);
  return piece;
}

function readEscape(reader: Reader): string {
  const numeric = reader.take(/\\(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8})/y);
  if (numeric !== undefined) {
    const code = Number.parseInt(numeric.slice(2), 16);
    if (code > 0x10ffff) throw reader.error(`${numeric} is no character`);
    return String.fromCodePoint(code);
  }
  const octal = reader.take(/\\[0-7]{1,3}/y);
  if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal.slice(1), 8));
  const short = reader.take(/\\[\\'"nrtabfv]/y);
  const character = short === undefined ? undefined : ESCAPES.get(short);
  if (character !== undefined) return character;
  // repr() prints no other escape: \N{name} would need the names of all characters.
  throw reader.error("unknown escape");
}
