import { expect, test } from "@jest/globals";
import fc from "../../../test/properties.ts";
import type { RawValue } from "../rawDocument/losslessJson.ts";
import { convertValue } from "./convertValue.ts";

const TYPES = ["int", "float", "text", "paragraph", "comment", "link", "image", "date", "bool"] as const;

const looksLikeANumber = fc.string({ unit: fc.constantFrom(..."0123456789+-.eExX_ ,٣"), maxLength: 12 });
const looksLikeADate = fc.string({ unit: fc.constantFrom(..."0129-:TZ+. /"), maxLength: 30 });
const scalar = fc.oneof(
  fc.boolean(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.bigInt(),
  fc.string({ unit: "binary" }),
  looksLikeANumber,
  looksLikeADate,
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
);
const { raw } = fc.letrec<{ raw: Exclude<RawValue, null> }>((tie) => ({
  raw: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    scalar,
    fc.array(fc.oneof(tie("raw"), fc.constant(null)), { maxLength: 3 }),
    fc.dictionary(fc.string(), tie("raw"), { maxKeys: 3 }),
  ),
}));

test("any value of any type fits its table, or says what was expected", () => {
  fc.assert(
    fc.property(fc.constantFrom(...TYPES), raw, (type, value) => {
      const stored = convertValue(type, value);
      if ("expected" in stored) {
        expect(stored.expected).not.toBe("");
        return;
      }
      switch (stored.table) {
        case "int":
          expect(Number.isInteger(stored.value) && Math.abs(stored.value) <= 2 ** 31).toBe(true);
          break;
        case "bigint":
          expect(typeof stored.value).toBe("bigint");
          break;
        case "float":
          expect(Number.isFinite(stored.value)).toBe(true);
          break;
        case "date":
          expect(stored.value.toISOString()).toMatch(/^\d{4}-/);
          break;
        case "bool":
          expect(typeof stored.value).toBe("boolean");
          break;
        default:
          expect(stored.value.isWellFormed() && !stored.value.includes("\0")).toBe(true);
          if (typeof value === "string") expect(stored.value).toBe(value);
      }
    }),
    { numRuns: 3000 },
  );
});

test("a number keeps its value, as a number and in text", () => {
  fc.assert(
    fc.property(fc.bigInt(), (value) => {
      for (const raw of [value, String(value), ` ${value}.0 `]) {
        const stored = convertValue("int", raw);
        expect(
          "value" in stored &&
            BigInt(Number.isInteger(stored.value) ? Number(stored.value) : String(stored.value)),
        ).toBe(value);
      }
    }),
  );
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(convertValue("float", value)).toEqual({ table: "float", value });
      // Text has no negative zero.
      expect(convertValue("float", String(value))).toEqual({ table: "float", value: value + 0 });
    }),
  );
});

// In quadratic time this would not end within the test's time.
test.each(["int", "float", "date", "bool"] as const)(
  "a text of 200,000 characters is no trouble for %s",
  (type) => {
    for (const unit of ["1", "0", " ", "1.", "+", "e", "-1", "2024-01-01 "]) {
      for (const end of ["", "x", "e", "."]) {
        expect(() => convertValue(type, unit.repeat(200_000 / unit.length) + end)).not.toThrow();
      }
    }
  },
);
