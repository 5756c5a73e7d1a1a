import { describe, expect, test } from "@jest/globals";
import fc from "../../../test/properties.ts";
import type { RawValue } from "../rawDocument/losslessJson.ts";
import { convertValue } from "./convertValue.ts";

type Scalar = Exclude<RawValue, null>;

describe("int", () => {
  test.each<[Scalar, object]>([
    [10, { table: "int", value: 10 }],
    [0, { table: "int", value: 0 }],
    [-0, { table: "int", value: 0 }],
    [5.0, { table: "int", value: 5 }],
    [2_147_483_647, { table: "int", value: 2_147_483_647 }],
    [-2_147_483_648, { table: "int", value: -2_147_483_648 }],
    [2_147_483_648, { table: "bigint", value: 2_147_483_648n }],
    [-2_147_483_649, { table: "bigint", value: -2_147_483_649n }],
    [9_007_199_254_740_993n, { table: "bigint", value: 9_007_199_254_740_993n }],
    [7n, { table: "int", value: 7 }],
    ["1234", { table: "int", value: 1234 }],
    [" +12 ", { table: "int", value: 12 }],
    ["-3", { table: "int", value: -3 }],
    ["5.0", { table: "int", value: 5 }],
    ["007", { table: "int", value: 7 }],
    ["12345678901234567890", { table: "bigint", value: 12_345_678_901_234_567_890n }],
  ])("%p is %p", (raw, stored) => {
    expect(convertValue("int", raw)).toEqual(stored);
  });

  test.each<[Scalar]>([
    [4.8],
    ["4.8"],
    [""],
    ["many"],
    ["0x10"],
    [true],
    [[1]],
    [{ count: 1 }],
    [1e20],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    ["9".repeat(1001)],
  ])("%p is none", (raw) => {
    expect(convertValue("int", raw)).toEqual({ expected: "an integer" });
  });
});

describe("float", () => {
  test.each<[Scalar, number]>([
    [4.8, 4.8],
    [5, 5],
    ["4.8", 4.8],
    ["-.5", -0.5],
    ["5.", 5],
    ["1e3", 1000],
    ["1.5E-7", 1.5e-7],
    [" 2 ", 2],
    [2n ** 64n, 2 ** 64],
    [1.7976931348623157e308, 1.7976931348623157e308],
  ])("%p is %p", (raw, value) => {
    expect(convertValue("float", raw)).toEqual({ table: "float", value });
  });

  test.each<[Scalar]>([
    [""],
    ["NaN"],
    ["Infinity"],
    ["1e999"],
    [Number.NaN],
    [10n ** 400n],
    [false],
    [[4.8]],
    [{}],
  ])("%p is none", (raw) => {
    expect(convertValue("float", raw)).toEqual({ expected: "a finite number" });
  });
});

describe("date", () => {
  test.each([
    ["2021-01-01 00:00:00+00:00", "2021-01-01T00:00:00.000Z"],
    ["2021-01-01 10:11:12", "2021-01-01T10:11:12.000Z"],
    ["2021-01-01 10:11:12.987654", "2021-01-01T10:11:12.987Z"],
    ["2021-01-01T10:11:12Z", "2021-01-01T10:11:12.000Z"],
    ["2021-01-01T10:11:12.5+02:00", "2021-01-01T08:11:12.500Z"],
    ["2021-01-01 10:11:12-0530", "2021-01-01T15:41:12.000Z"],
    ["2021-01-01", "2021-01-01T00:00:00.000Z"],
    ["2024-02-29", "2024-02-29T00:00:00.000Z"],
    ["0001-01-01", "0001-01-01T00:00:00.000Z"],
    ["9999-12-31 23:59:59", "9999-12-31T23:59:59.000Z"],
  ])("%s is %s", (raw, instant) => {
    expect(convertValue("date", raw)).toEqual({ table: "date", value: new Date(instant) });
  });

  test.each<[Scalar]>([
    ["2023-02-29"],
    ["2021-13-01"],
    ["2021-04-31 10:00:00"],
    ["2021-01-01 25:00:00"],
    ["01/02/2021"],
    ["yesterday"],
    [""],
    ["0000-01-01"],
    ["9999-12-31T23:00:00-05:00"],
    [1_609_459_200],
    [true],
    [["2021-01-01"]],
    [{}],
  ])("%p is none", (raw) => {
    expect(convertValue("date", raw)).toMatchObject({ expected: expect.stringContaining("a date") });
  });
});

describe("bool", () => {
  test.each<[Scalar, boolean]>([
    [true, true],
    [false, false],
    ["True", true],
    ["false", false],
    [1, true],
    [0, false],
  ])("%p is %p", (raw, value) => {
    expect(convertValue("bool", raw)).toEqual({ table: "bool", value });
  });

  test.each<[Scalar]>([["yes"], [""], ["1"], [2], [[true]], [{}]])("%p is none", (raw) => {
    expect(convertValue("bool", raw)).toEqual({ expected: "true or false" });
  });
});

describe.each(["text", "paragraph", "comment", "link", "image"] as const)("%s", (type) => {
  test.each<[Scalar, string]>([
    ["Personio", "Personio"],
    ["", ""],
    ["  ", "  "],
    ["/r/x", "/r/x"],
    ["👍\n", "👍\n"],
    [12, "12"],
    [4.5, "4.5"],
    [2n ** 70n, "1180591620717411303424"],
    [true, "true"],
    [["a", "b, c"], '["a","b, c"]'],
    [[], "[]"],
    [["a", null, 1, 2n ** 70n, false], '["a",null,1,1180591620717411303424,false]'],
    [["NUL \0"], '["NUL \\u0000"]'],
  ])("%p is %p", (raw, value) => {
    expect(convertValue(type, raw)).toEqual({ table: type, value });
  });

  test.each<[Scalar, string]>([
    [{ name: "x" }, "text"],
    [[{ name: "x" }], "text, or a list of texts"],
    [[["x"]], "text, or a list of texts"],
    ["a\0b", "text without NUL characters"],
    ["\ud800", "text of whole Unicode characters"],
  ])("%p is none, because it wants %s", (raw, expected) => {
    expect(convertValue(type, raw)).toEqual({ expected });
  });
});

test("a list in a text keeps its elements", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" })), (list) => {
      const stored = convertValue("text", list);
      expect("value" in stored && JSON.parse(String(stored.value))).toEqual(list);
    }),
  );
});

test("an integer is stored exactly or not at all", () => {
  const anyNumber = fc.oneof(
    fc.integer(),
    fc.double(),
    fc.bigInt(),
    fc.bigInt().map(String),
    fc.double().map(String),
  );
  fc.assert(
    fc.property(anyNumber, (raw) => {
      const stored = convertValue("int", raw);
      if (!("value" in stored)) return;
      // Compared as text: 5, 5.0 and "5" are the same, and bigints lose nothing.
      const written = String(raw).replace(/^-0$/, "0");
      expect(String(stored.value)).toBe(written);
    }),
  );
});
