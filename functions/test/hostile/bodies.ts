import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import type { Field, FieldKind } from "./targets.ts";

/** A body that no function takes, and how it is refused. */
export interface HostileBody {
  readonly what: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly refusal: string;
}

/** Lists in lists, so many levels deep. */
export function lists(levels: number): string {
  return "[".repeat(levels) + "]".repeat(levels);
}

/** Objects in objects, so many levels deep. */
export function objects(levels: number): string {
  return `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
}

const bytes = (...values: number[]) => Uint8Array.from(values);
const quoted = (...values: number[]) => bytes(0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, ...values, 0x22, 0x7d);

const NO_JSON: [string, string | Uint8Array][] = [
  ["nothing", ""],
  ["white space", " \t\r\n"],
  ["a brace", "{"],
  ["half an object", '{"task_id": 1, "errors'],
  ["half a list", "[1, 2"],
  ["a comma too many", '{"a": 1,}'],
  ["a comma in a list too many", "[1,]"],
  ["single quotes", "{'a': 1}"],
  ["no quotes", "{a: 1}"],
  ["Python", "{'a': None, 'b': True}"],
  ["NaN", '{"a": NaN}'],
  ["Infinity", '{"a": -Infinity}'],
  ["a number with a leading zero", '{"a": 01}'],
  ["a number with a plus", '{"a": +1}'],
  ["a number without its end", '{"a": 1e}'],
  ["a number in hexadecimal", '{"a": 0x10}'],
  ["a comment", '{"a": 1 /* one */}'],
  ["two values", "{}{}"],
  ["two lines", "{}\n{}"],
  ["NUL after the value", "{}\0"],
  ["NUL before the value", "\0{}"],
  ["NUL in a text", '{"a": "\0"}'],
  ["a control character in a text", '{"a": "\u0001"}'],
  ["a line break in a text", '{"a": "b\nc"}'],
  ["half an escape", '{"a": "\\ud8"}'],
  ["an unknown escape", '{"a": "\\x41"}'],
  ["two byte order marks", "\ufeff\ufeff{}"],
  ["a byte order mark inside", '{\ufeff"a": 1}'],
  ["XML", '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'],
  ["a form", "task_id=1&errors="],
  ["open quotes", '"'.repeat(100_001)],
  ["a byte that is not UTF-8", quoted(0xff)],
  ["an overlong NUL", quoted(0xc0, 0x80)],
  ["half a surrogate pair in bytes", quoted(0xed, 0xa0, 0x80)],
  ["a character beyond Unicode", quoted(0xf4, 0x90, 0x80, 0x80)],
  ["a character cut off", bytes(0x22, 0xe2, 0x82)],
  ["Latin-1", quoted(0xe9)],
  ["UTF-16 with a byte order mark", Buffer.from("\ufeff{}", "utf16le")],
  ["UTF-16 without", Buffer.from("{}", "utf16le")],
];

const NO_FIT: [string, string][] = [
  ["null", "null"],
  ["true", "true"],
  ["a number", "1"],
  ["a number without end", "1e400"],
  ["400 digits", "9".repeat(400)],
  ["100,000 digits", "9".repeat(100_000)],
  ["minus nothing", "-0"],
  ["an empty text", '""'],
  ["a text", '"text"'],
  ["half a surrogate pair", '"\\ud800"'],
  ["a text of NUL", '"\\u0000"'],
  ["an empty list", "[]"],
  ["a list of an object", "[{}]"],
  ["an empty object", "{}"],
  ["an object with a byte order mark", "\ufeff{}"],
  ["a prototype", '{"__proto__": {"polluted": true}}'],
  ["a constructor", '{"constructor": {"prototype": {"polluted": true}}}'],
  ["a prototype's prototype", '{"__proto__": {"__proto__": {"polluted": true}}}'],
  ["a list as prototype", '{"__proto__": []}'],
  ["what every object has", '{"toString": 1, "valueOf": 1, "hasOwnProperty": 1, "then": 1, "toJSON": 1}'],
  ["a doubled field", '{"a": 1, "a": {}}'],
  ["a field without a name", '{"": 1}'],
  ["10,000 fields", `{${Array.from({ length: 10_000 }, (_, i) => `"${i}":1`).join()}}`],
  ...[10, 500, 1000, 1001, 100_000].flatMap((levels): [string, string][] => [
    [`${levels} lists`, lists(levels)],
    [`${levels} objects`, objects(levels)],
    [`${levels} objects that do not end`, `{"a":`.repeat(levels)],
  ]),
];

const NO_TYPE: [string, Record<string, string>, string | Uint8Array][] = [
  ["text", { "Content-Type": "text/plain" }, "{}"],
  ["a page", { "Content-Type": "text/html; charset=utf-8" }, "{}"],
  ["a form", { "Content-Type": "application/x-www-form-urlencoded" }, "a=1"],
  ["parts", { "Content-Type": "multipart/form-data; boundary=x" }, "--x--"],
  ["XML", { "Content-Type": "application/xml" }, "<a/>"],
  ["bytes", { "Content-Type": "application/octet-stream" }, "{}"],
  ["almost JSON", { "Content-Type": "application/jsonp" }, "{}"],
  ["no type at all", { "Content-Type": "json" }, "{}"],
  ["JSON and text", { "Content-Type": "application/json, text/plain" }, "{}"],
  ["JSON in UTF-16", { "Content-Type": "application/json; charset=utf-16le" }, "{}"],
  ["JSON in Latin-1", { "Content-Type": 'application/json; x=y; charset="iso-8859-1"' }, "{}"],
  ["gzip", { "Content-Encoding": "gzip" }, gzipSync("{}")],
  ["gzip that is none", { "Content-Encoding": "gzip" }, "{}"],
  ["a gzip bomb", { "Content-Encoding": "gzip" }, gzipSync(" ".repeat(10_000_000))],
  ["deflate", { "Content-Encoding": "deflate" }, deflateSync("{}")],
  ["brotli", { "Content-Encoding": "br" }, brotliCompressSync("{}")],
  ["gzip twice", { "Content-Encoding": "gzip, gzip" }, gzipSync(gzipSync("{}"))],
  ["an unknown encoding", { "Content-Encoding": "constructor" }, "{}"],
];

/** What no function that reads JSON takes. */
export const HOSTILE_BODIES: readonly HostileBody[] = [
  ...NO_JSON.map(([what, body]) => ({ what, body, refusal: "400 invalid_json" })),
  ...NO_FIT.map(([what, body]) => {
    // How deep it is, is looked at before whether it is JSON.
    const isParsed = !what.endsWith("do not end") || / 1001 |100000/.test(` ${what}`);
    return { what, body, refusal: isParsed ? "422 invalid_request" : "400 invalid_json" };
  }),
  ...NO_TYPE.map(([what, headers, body]) => ({
    what,
    headers,
    body,
    refusal: "415 unsupported_media_type",
  })),
];

const DEEP = [lists(500), objects(500)];
const NO_TEXT = ["1", "1.5", "true", "[]", '["a"]', "{}", '{"__proto__": []}', ...DEEP];
const NO_STORABLE_TEXT = ['"a\\u0000b"', '"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"a\\udfff"'];
const NO_TIME = [
  ...["true", "[]", "{}", '""', '"yesterday"', '"2024-13-01"', '"2024-02-30"', '"2024-01-01T25:00"', ...DEEP],
  ...['"-000001-01-01"', '"+275760-09-13"', '"2024-01-01\\u0000"', '"٢٠٢٤-٠١-٠١"'],
  `"${"2024-01-01 ".repeat(10_000)}"`,
];
const NO_ID = [
  ...["0", "-1", "-0", "1.5", "1e-400", "1e400", "-1e400", "2147483648", "9007199254740993", "1e15"],
  ...["9".repeat(400), '""', "true", "[]", "[1]", '["1"]', "{}", '{"valueOf": 1}', ...DEEP],
];
const NO_OBJECT = ["1", "true", '""', '"{}"', "[]", "[[]]", lists(500)];

/** JSON that a field of a kind does not take. */
const HOSTILE_VALUES: Readonly<Record<FieldKind, readonly string[]>> = {
  "row id": [...NO_ID, '"1"'],
  "row id in text": [
    ...NO_ID,
    '"0"',
    '"-1"',
    '"1.0"',
    '"1e2"',
    '"0x10"',
    '" 1 "',
    '"١"',
    `"${"9".repeat(400)}"`,
  ],
  text: [...NO_TEXT, ...NO_STORABLE_TEXT, "1e400"],
  "any text": NO_TEXT,
  choice: [...NO_TEXT, '""', '"integer"', '"int\\u0000"', '"__proto__"', '"constructor"', '"ınt"'],
  object: NO_OBJECT,
  time: [...NO_TIME, "1", '"0000-01-01"', '"0001-01-01T00:00:00+14:00"', '"9999-12-31"'],
  moment: NO_TIME,
  ids: ["1", "true", "{}", "[]", "[0]", "[1.5]", "[[]]", "[null]", '["x"]', ...DEEP],
  texts: ["1", "true", "{}", "[]", "[1]", "[[]]", "[null]", '[""]', '["a\\u0000"]', ...DEEP],
  flag: ["1", '"true"', "[]", "{}", ...DEEP],
  "own id": ["true", "[]", "[1]", "{}", "1.5", ...DEEP],
};

/** Bodies that are good but for one field, by what is wrong. */
export function hostileFields(
  fields: Readonly<Record<string, Field>>,
): [string, Record<string, string | undefined>][] {
  return Object.entries(fields).flatMap(([name, { kind, optional }]) => {
    const values = [...HOSTILE_VALUES[kind], ...(optional === true ? [] : ["null", undefined])];
    return values.map((json): [string, Record<string, string | undefined>] => [
      `${name}: ${json?.slice(0, 40)}`,
      { [name]: json },
    ]);
  });
}
