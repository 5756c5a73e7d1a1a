import { describe, expect, test } from "@jest/globals";
import fc from "../../../test/properties.ts";
import { type NumberFormat, numberFormat } from "../normalizationMap/numberFormat.ts";
import { readNumber } from "./readNumber.ts";

describe("without a declaration, what can be read in one way is read", () => {
  test.each<readonly [text: string, decimal: string, unit: string | null]>([
    ["1234", "1234", null],
    ["007", "007", null],
    ["0.123", "0.123", null],
    ["0,5", "0.5", null],
    ["1234.567", "1234.567", null],
    ["1234,567", "1234.567", null],
    ["4.8", "4.8", null],
    ["4,8", "4.8", null],
    ["12,34", "12.34", null],
    [".5", "0.5", null],
    ["5.", "5", null],
    ["1,234.56", "1234.56", null],
    ["1.234,56 €", "1234.56", "EUR"],
    ["1,234,567", "1234567", null],
    ["1.234.567", "1234567", null],
    ["12,34,567", "1234567", null],
    ["12 345,6", "12345.6", null],
    ["12 345,6", "12345.6", null],
    ["12 345", "12345", null],
    ["1'234.5", "1234.5", null],
    ["1’234’567", "1234567", null],
    ["−5", "-5", null],
    ["– 5.5", "-5.5", null],
    ["(12)", "-12", null],
    ["($1,234.50)", "-1234.50", "$"],
    ["-$5", "-5", "$"],
    ["$-5", "-5", "$"],
    ["+3", "3", null],
    ["10.1K", "10100", null],
    ["10,1k", "10100", null],
    ["$1.2M", "1200000", "$"],
    ["$ 2.35 billion", "2350000000", "$"],
    ["1.5bn EUR", "1500000000", "EUR"],
    ["US$3", "3", "USD"],
    ["CHF 1'200.50", "1200.50", "CHF"],
    ["12%", "12", "%"],
    ["12,5 %", "12.5", "%"],
    ["%12", "12", "%"],
    ["１２３", "123", null],
    ["١٢٣٫٥", "123.5", null],
    ["1e3", "1e3", null],
    ["1.234E-7", "1.234e-7", null],
  ])("%s is %s", (text, decimal, unit) => {
    expect(readNumber(text)).toEqual({ decimal, unit: unit ?? undefined });
  });

  test.each([
    ["1.234", "1.234 or 1234"],
    ["3,350", "3350 or 3.350"],
    ["12.345", "12.345 or 12345"],
    ["(1,234)", "1234 or 1.234"],
    ["$1,234", "1234 or 1.234"],
    ["1.234 €", "1.234 or 1234"],
    ["1.234K", "1.234 or 1234"],
    ["1.000", "1.000 or 1000"],
  ])("%s could be %s, and is none", (text, both) => {
    expect(readNumber(text)).toEqual({ expected: `a number with one reading; this can be ${both}` });
  });

  test.each([
    "",
    " ",
    "many",
    "NaN",
    "Infinity",
    "0x10",
    "1,2,3",
    "1.2.3",
    "1234,567.8",
    "1,234,56",
    "01,234.5",
    "5m",
    "5 kg",
    "--5",
    "(-5)",
    "5-7",
    "1 of 10",
    "12 34",
    "½",
    "$",
    "%",
    "$5 €",
    "2021-01-01",
    "1/2",
    "e5",
    "9".repeat(101),
  ])("%p is none", (text) => {
    expect(readNumber(text)).toEqual({ expected: "a number" });
  });
});

describe("what is declared is believed", () => {
  test.each<readonly [text: string, format: NumberFormat, decimal: string, unit: string | null]>([
    ["1.234", { locale: "de" }, "1234", null],
    ["1.234", { locale: "en" }, "1.234", null],
    ["3,350", { locale: "en-US" }, "3350", null],
    ["3,350", { locale: "fr" }, "3.350", null],
    ["1 234,5", { locale: "fr" }, "1234.5", null],
    ["1’234.5", { locale: "de-CH" }, "1234.5", null],
    ["12,34,567", { locale: "en-IN" }, "1234567", null],
    ["١٬٢٣٤", { locale: "ar-EG" }, "1234", null],
    ["1,2 Mio.", { locale: "de", compact: true }, "1200000", null],
    ["1,2 Millionen", { locale: "de", compact: true }, "1200000", null],
    ["1.234 €", { locale: "de" }, "1234", "EUR"],
    ["1.50", { currency: "USD" }, "1.50", "USD"],
    ["$1.50", { currency: "CAD" }, "1.50", "CAD"],
    ["70,5 kg", { unit: "kg" }, "70.5", "kg"],
    ["12", { percent: true }, "12", "%"],
    ["12 %", { percent: true }, "12", "%"],
  ])("%s in %p is %s", (text, format, decimal, unit) => {
    expect(readNumber(text, format)).toEqual({ decimal, unit: unit ?? undefined });
  });

  test("what contradicts it is none", () => {
    expect(readNumber("€5", { currency: "USD" })).toEqual({ expected: "a number in USD" });
    expect(readNumber("5%", { currency: "USD" })).toEqual({ expected: "a number in USD" });
    expect(readNumber("1.234,5", { locale: "en" })).toEqual({ expected: "a number" });
  });

  test.each([{ locale: "xx-nonsense-" }, { currency: "EURO" }, { unit: " " }, { percent: "yes" }])(
    "%p is no declaration",
    (format) => {
      expect(numberFormat.safeParse(format).success).toBe(false);
    },
  );
});

test.each(["en", "de", "fr", "es", "pt-BR", "it", "pl", "sv", "de-CH", "hi", "ja", "ru", "tr"])(
  "what %s writes is read as it was meant, and never as another number without its locale",
  (locale) => {
    const format = new Intl.NumberFormat(locale, { maximumFractionDigits: 4 });
    fc.assert(
      fc.property(
        fc.integer({ min: -99_999_999, max: 99_999_999 }),
        fc.constantFrom(1, 10, 1000),
        (n, by) => {
          const value = n / by;
          const text = format.format(value);
          expect(numberOf(readNumber(text, { locale }))).toBeCloseTo(value, 6);
          const guessed = numberOf(readNumber(text));
          if (guessed !== undefined) expect(guessed).toBeCloseTo(value, 6);
        },
      ),
    );
  },
);

function numberOf(read: ReturnType<typeof readNumber>): number | undefined {
  return "decimal" in read ? Number(read.decimal) : undefined;
}
