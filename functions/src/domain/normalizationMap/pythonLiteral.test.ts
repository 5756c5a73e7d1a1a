import { describe, expect, test } from "@jest/globals";
import fc from "../../../test/properties.ts";
import { pythonRepr } from "../../../test/pythonRepr.ts";
import { PythonLiteralError, parsePythonLiteral } from "./pythonLiteral.ts";

describe("what repr() prints", () => {
  test.each<[string, unknown]>([
    ["{'a': 1, 'b': [True, False, None]}", { a: 1, b: [true, false, null] }],
    [`{"it's": 'say "hi"'}`, { "it's": 'say "hi"' }],
    [`'it\\'s "both"'`, `it's "both"`],
    ["('a',)", ["a"]],
    ["('a', 'b')", ["a", "b"]],
    ["('a')", "a"],
    ["()", []],
    ["[]", []],
    ["{}", {}],
    ["[1, -2, 3.5, 1e+16, 5e-324, -0.5]", [1, -2, 3.5, 1e16, 5e-324, -0.5]],
    ["[9007199254740993, -9007199254740993]", [9007199254740993n, -9007199254740993n]],
    ["[inf, -inf, nan]", [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]],
    ["u'text'", "text"],
    ["'\\x41\\u00e9\\U0001f600\\n\\t\\\\\\0'", "Aé😀\n\t\\\0"],
    ["'\\ud800'", "\ud800"],
    ["('one '\n 'two ' \"three\")", "one two three"],
    [" { 'a' : [ 1 , 2 , ] , } ", { a: [1, 2] }],
  ])("%s", (text, value) => {
    expect(parsePythonLiteral(text)).toEqual(value);
  });

  test("a key __proto__ is a key like others", () => {
    const value = parsePythonLiteral("{'__proto__': {'polluted': True}}");
    expect(Object.keys(value ?? {})).toEqual(["__proto__"]);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });
});

describe("what is no literal", () => {
  test.each([
    ["", "expected a value, found the end at position 0"],
    ["{'a': 1", "expected , or }, found the end at position 7"],
    ["{'a' 1}", 'expected :, found "1}" at position 5'],
    ["{1: 2}", 'expected a key in quotes, found "1: 2}" at position 1'],
    ["[1 2]", 'expected , or ], found "2]" at position 3'],
    ["[,]", 'expected a value, found ",]" at position 1'],
    ["'open", "expected ' at the end of the text, found the end at position 5"],
    ["'two\nlines'", `expected ' at the end of the text, found "\\nlines'" at position 4`],
    ["'\\N{BULLET}'", `unknown escape, found "\\\\N{BULLET}'" at position 1`],
    ["'\\U00110000'", `\\U00110000 is no character, found "'" at position 11`],
    ["datetime.date(2024, 1, 1)", 'unknown name datetime, found ".date(2024, 1, 1)" at position 8'],
    ["__import__('os').system('id')", "unknown name __import__"],
    ["b'bytes'", `unknown name b, found "'bytes'" at position 1`],
    ["1_000", 'expected a value, found "1_000" at position 0'],
    ["{'a': 1} x", 'expected the end, found "x" at position 9'],
    ["[".repeat(100_000), "expected at most 200 levels"],
  ])("%j", (text, message) => {
    expect(() => parsePythonLiteral(text)).toThrow(PythonLiteralError);
    expect(() => parsePythonLiteral(text)).toThrow(message);
  });
});

test("reads back whatever repr() prints", () => {
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5, depthSize: "small" },
      fc.constantFrom(null, true, false),
      fc.integer(),
      fc.bigInt().filter((number) => !Number.isSafeInteger(Number(number))),
      fc.double({ noInteger: true, noNaN: true, noDefaultInfinity: true }),
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.constantFrom("'", '"', "\\", "\n", "x", "é", "\0", "\u2028", "😀") }),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(fc.string({ unit: "binary" }), tie("value"), { maxKeys: 4 }),
    ),
  }));
  fc.assert(
    fc.property(value, (original) => {
      // toEqual: a dictionary of fast-check may be without a prototype.
      expect(parsePythonLiteral(pythonRepr(original))).toEqual(original);
    }),
    { numRuns: 500 },
  );
});

test("never fails but with its own error", () => {
  const pieces = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "'",
    '"',
    ",",
    ":",
    "\\",
    "u",
    "1",
    ".",
    "e",
    "None",
    " ",
    "x",
  );
  fc.assert(
    fc.property(fc.string({ unit: pieces }), (text) => {
      try {
        parsePythonLiteral(text);
      } catch (error) {
        expect(error).toBeInstanceOf(PythonLiteralError);
      }
    }),
    { numRuns: 2000 },
  );
});
