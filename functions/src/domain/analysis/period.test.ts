import { expect, test } from "@jest/globals";
import { isProvisional, periodOf } from "./period.ts";
import type { Period } from "./series.ts";

test.each<readonly [period: Period, at: string, from: string, to: string]>([
  ["day", "2026-03-01T23:59:59Z", "2026-03-01", "2026-03-02"],
  ["week", "2026-03-01T12:00:00Z", "2026-02-23", "2026-03-02"],
  ["week", "2026-03-02T00:00:00Z", "2026-03-02", "2026-03-09"],
  ["month", "2026-02-28T09:00:00Z", "2026-02-01", "2026-03-01"],
  ["month", "2026-12-05T09:00:00Z", "2026-12-01", "2027-01-01"],
  ["quarter", "2026-06-30T09:00:00Z", "2026-04-01", "2026-07-01"],
  ["year", "2026-06-30T09:00:00Z", "2026-01-01", "2027-01-01"],
])("the %s of %s", (period, at, from, to) => {
  expect(periodOf(new Date(at), period)).toEqual({ from: new Date(from), to: new Date(to) });
});

test("a value is provisional until its period is over", () => {
  const value = { observedAt: new Date("2026-03-01T09:00:00Z"), period: "day" } as const;
  expect(isProvisional(value, new Date("2026-03-01T23:59:59Z"))).toBe(true);
  expect(isProvisional(value, new Date("2026-03-02T00:00:00Z"))).toBe(false);
  expect(isProvisional({ ...value, period: null }, value.observedAt)).toBe(false);
});
