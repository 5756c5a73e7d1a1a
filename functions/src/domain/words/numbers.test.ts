import { expect, test } from "@jest/globals";
import {
  count,
  digitsToTellApart,
  formatChange,
  formatDay,
  formatInstant,
  formatNumber,
  formatPeriod,
  formatRange,
  formatTick,
  formatValue,
} from "./numbers.ts";

test.each([
  [0, "0"],
  [412, "412"],
  [1204, "1,204"],
  [-5.25, "−5.25"],
  [12.3456, "12.35"],
  [0.000012345, "0.00001235"],
  [18_230.75, "18,231"],
  [77.7, "77.7"],
  [999_999, "999,999"],
  [3_460_000, "3.46M"],
  [3_456_789, "3.457M"],
  [-2.5e9, "−2.5B"],
  [1e15, "1E15"],
  [-1.23456e300, "−1.235E300"],
  [1e-320, "1E-320"],
])("the number %p is written %p", (value, words) => {
  expect(formatNumber(value)).toBe(words);
});

test("a value has its unit where people write it", () => {
  const values = [formatValue(1_200, "$"), formatValue(-5, "€"), formatValue(4.2, "%")];
  expect([...values, formatValue(412, "stars"), formatValue(412, undefined)]).toEqual([
    "$1,200",
    "−€5",
    "4.2%",
    "412 stars",
    "412",
  ]);
});

test("axes are shorter", () => {
  expect([950, 1_500, -20_000, 0.5].map(formatTick)).toEqual(["950", "1.5K", "−20K", "0.5"]);
});

test.each([
  [38, "+38%"],
  [4.24, "+4.2%"],
  [-35.4, "−35%"],
  [0, "0%"],
  [-0.01, "0%"],
  [12_345.6, "+12,346%"],
  [-1.2e7, "−12M%"],
  [1e300, "+1E300%"],
])("the change %p is written %p", (change, words) => {
  expect(formatChange(change)).toBe(words);
});

test("numbers that differ by little get the digits to tell them apart, and no more than six", () => {
  expect(digitsToTellApart([3_460_000, 3_461_000])).toBe(4);
  expect(digitsToTellApart([3_460_000, 3_460_200])).toBe(5);
  expect(digitsToTellApart([3_460_000, 3_460_000.1])).toBe(6);
  expect(formatNumber(3_460_200, 5)).toBe("3.4602M");
});

test.each([
  [{ low: 990.2, high: 1_049.7 }, undefined, "990–1,050"],
  [{ low: 90.049, high: 110.26 }, "$", "$90–$110"],
  [{ low: 0.31, high: 0.34 }, undefined, "0.31–0.34"],
  [{ low: -5, high: 12 }, undefined, "−5 to 12"],
  [{ low: 7, high: 7 }, undefined, "7"],
  [{ low: 0, high: 5e-324 }, undefined, "0–5E-324"],
  [{ low: 1_000_100, high: 1_000_300 }, undefined, "1.0001M–1.0003M"],
])("the range %p (%p) is written %p", (range, unit, words) => {
  expect(formatRange(range, unit)).toBe(words);
});

test("dates are told in UTC, and the time where there is one", () => {
  expect(formatDay(new Date("2025-03-03T23:59:00Z"))).toBe("3 Mar 2025");
  expect(formatInstant(new Date("2025-03-03T14:05:00Z"))).toBe("3 Mar 2025, 14:05 UTC");
  expect(formatInstant(new Date("2025-03-03"))).toBe("3 Mar 2025");
});

test("a period names its year once, unless it has two", () => {
  expect(formatPeriod({ from: new Date("2025-02-24"), to: new Date("2025-03-02") })).toBe(
    "24 Feb – 2 Mar 2025",
  );
  expect(formatPeriod({ from: new Date("2024-12-30"), to: new Date("2025-01-05") })).toBe(
    "30 Dec 2024 – 5 Jan 2025",
  );
});

test("one is not many", () => {
  expect([count(1, "finding"), count(2, "finding"), count(1_200, "company", "companies")]).toEqual([
    "1 finding",
    "2 findings",
    "1,200 companies",
  ]);
});
