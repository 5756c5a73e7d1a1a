import { describe, expect, test } from "@jest/globals";
import fc from "../../../test/properties.ts";
import { ApiError } from "../../platform/apiError.ts";
import { parseLosslessJson } from "./losslessJson.ts";
import { canonicalJson } from "./rawDocumentId.ts";

describe("numbers", () => {
  test.each<[string, unknown]>([
    ["9007199254740991", 9007199254740991],
    ["9007199254740992", 9007199254740992n],
    ["9007199254740993", 9007199254740993n],
    ["-9007199254740993", -9007199254740993n],
    ["123456789012345678901234567890", 123456789012345678901234567890n],
    ["-0", -0],
    ["1.0", 1],
    ["1e20", 1e20],
    ["1E+2", 100],
    ["0.1", 0.1],
    ["0.30000000000000004", 0.30000000000000004],
    // Half way between two numbers of 17 digits.
    ["-259776177458745.62", -259776177458745.62],
    ["-259776177458745.63", -259776177458745.62],
    ["1.7976931348623157e308", Number.MAX_VALUE],
    ["5e-324", Number.MIN_VALUE],
  ])("%s is kept as a number", (text, expected) => {
    const parsed = parseLosslessJson(`{"a":[${text}]}`);
    expect(parsed).toEqual({ value: { a: [expected] } });
    expect(parseLosslessJson(text).value).toBe(expected);
  });

  test.each([
    "1e400",
    "-1e400",
    "1e-400",
    "1.00000000000000000001",
    "9007199254740993.0",
    "0.12345678901234567890123",
    "9".repeat(1001),
  ])("%s is more than a double holds, and keeps its digits", (text) => {
    expect(parseLosslessJson(`{"a": ${text}}`)).toEqual({
      value: { a: text },
      loss: "a number has more digits than a double holds",
    });
  });

  test("whatever JSON prints comes back, digit by digit", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        const { value: parsed, loss } = parseLosslessJson(text);
        expect(loss).toBeUndefined();
        // Printed again, because 2e20 is printed as an integer, which is then parsed as a bigint.
        expect(JSON.parse(canonicalJson(parsed))).toEqual(JSON.parse(text));
      }),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(fc.bigInt(), (number) => {
        expect(canonicalJson(parseLosslessJson(`[${number}]`).value)).toBe(`[${number}]`);
      }),
    );
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        expect(parseLosslessJson(`[${Object.is(number, -0) ? "-0e0" : number.toExponential()}]`)).toEqual({
          value: [number],
          loss: undefined,
        });
      }),
      { numRuns: 1000 },
    );
  });
});

describe("hostile text", () => {
  test("a field that is called __proto__ is a field, and changes no prototype", () => {
    const { value } = parseLosslessJson('{"__proto__": {"polluted": true}, "n": 9007199254740993}');
    expect(Object.keys(value ?? {})).toEqual(["__proto__", "n"]);
    expect("polluted" in {}).toBe(false);
    expect(canonicalJson(value)).toBe('{"__proto__":{"polluted":true},"n":9007199254740993}');
  });

  const nested = (levels: number, leaf: string) => "[".repeat(levels) + leaf + "]".repeat(levels);

  test.each(["1", "9007199254740993"])("1000 levels are parsed (%s), 1001 are refused", (leaf) => {
    expect(canonicalJson(parseLosslessJson(nested(1000, leaf)).value)).toBe(nested(1000, leaf));
    expect(() => parseLosslessJson(nested(1001, leaf))).toThrow(ApiError);
  });

  test("100,000 levels do not exhaust the stack", () => {
    expect(() => parseLosslessJson(nested(100_000, "9007199254740993"))).toThrow("nested deeper");
  });

  // What takes quadratic time here takes hours.
  test.each([
    [`["${"1".repeat(5_000_000)}", "${":1.".repeat(1_000_000)}"]`, true],
    [`[${"9".repeat(5_000_000)}]`, false],
    [`[1.${"0".repeat(5_000_000)}1]`, false],
  ])("a long run of digits or of almost-numbers is read to its end", (text, numbersFit) => {
    expect(parseLosslessJson(text).loss === undefined).toBe(numbersFit);
  });

  test("what is no JSON is a SyntaxError", () => {
    expect(() => parseLosslessJson("{'a': 1}")).toThrow(SyntaxError);
  });
});

describe("canonicalJson", () => {
  test("neither order of fields nor white space matter, the order of lists does", () => {
    const canonical = (text: string) => canonicalJson(parseLosslessJson(text).value);
    expect(canonical('{"b": [1, 2], "a": {"d": null, "c": "x"}}')).toBe('{"a":{"c":"x","d":null},"b":[1,2]}');
    expect(canonical("[1,2]")).not.toBe(canonical("[2,1]"));
    expect(canonical('{"a":1}')).not.toBe(canonical('{"a":"1"}'));
  });
});

describe("a field that is there twice in one object", () => {
  test.each([
    ['{"a": 1, "a": 2}', { a: 2 }],
    ['[{"b": {"a": 1, "a": 1}}]', [{ b: { a: 1 } }]],
    ['{"a": 1, "\\u0061": 2}', { a: 2 }],
    ['{"a": {"a": 9007199254740993}, "a": {}}', { a: {} }],
  ])("%s is a loss", (text, value) => {
    expect(parseLosslessJson(text)).toEqual({ value, loss: "an object has a field twice" });
  });

  test.each([
    '{"a": {"a": 1}, "b": [{"a": 1}, {"a": 1}]}',
    '{"a": "x\\": 1, {[:", "b:": "\\\\"}',
    '{"": 1, " ": 2}',
  ])("%s has none", (text) => {
    expect(parseLosslessJson(text).loss).toBeUndefined();
  });
});

describe("what is too much is refused before it is parsed", () => {
  test.each([
    ["zeros", `[${"0,".repeat(500_001)}0]`],
    ["lists", `[${"[],".repeat(300_000)}0]`],
    ["fields", `{${'"a":0,'.repeat(500_001)}"b":0}`],
  ])("%s", (_what, text) => {
    expect(() => parseLosslessJson(text)).toThrow("more than 500000 values");
  });

  test("punctuation in texts counts for nothing", () => {
    const text = JSON.stringify([",[{:".repeat(500_000)]);
    expect(parseLosslessJson(text).loss).toBeUndefined();
  });
});
