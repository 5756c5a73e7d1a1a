import { describe, expect, test } from "@jest/globals";
import { byImportance, type Change, severityOf } from "./importance.ts";

const change = (
  measurementName: string,
  reference: number,
  value: number,
  surprise: Change["surprise"] = "none",
) => ({
  measurementName,
  value,
  reference,
  changePercent: reference === 0 ? null : ((value - reference) / Math.abs(reference)) * 100,
  surprise,
});

describe("the severity that a person would give", () => {
  test.each<readonly [severity: string, ...Parameters<typeof change>]>([
    ["critical", "employees", 300, 213],
    ["high", "monthly revenue", 1_000_000, 850_000],
    ["critical", "monthly revenue", 1_000_000, 700_000],
    ["medium", "monthly revenue", 1_000_000, 1_100_000],
    ["high", "total jobs", 60, 80],
    ["medium", "followers", 10_000, 12_000],
    ["critical", "followers", 10_000, 4_000],
    ["low", "open issues", 6, 10],
    ["low", "open issues", 6, 10, "unusual"],
    ["medium", "repository stars", 100, 190],
    ["low", "repository stars", 100, 140],
    ["low", "customers", 2, 3],
    ["low", "employees", 10, 5],
    ["high", "employees", 12, 6],
    ["low", "sales", 0, 1],
    ["critical", "sales", 0, 50],
    ["low", "something", 100, 110],
    ["medium", "something", 100, 110, "extreme"],
  ])("%s: %s from %d to %d", (severity, ...of) => {
    expect(severityOf(change(...of))).toBe(severity);
  });
});

test("money comes before people, customers, the rest and code; then the larger change, then the later", () => {
  const at = (day: number) => new Date(Date.UTC(2026, 0, day));
  const told = [
    { severity: "low", measurementName: "revenue", changePercent: 5, observedAt: at(9) },
    { severity: "high", measurementName: "open issues", changePercent: 400, observedAt: at(9) },
    { severity: "high", measurementName: "followers", changePercent: 60, observedAt: at(9) },
    { severity: "high", measurementName: "employees", changePercent: -15, observedAt: at(1) },
    { severity: "high", measurementName: "employees", changePercent: -18, observedAt: at(1) },
    { severity: "critical", measurementName: "followers", changePercent: -60, observedAt: at(1) },
  ] as const;
  expect(
    told.toSorted(byImportance).map(({ measurementName, changePercent }) => [measurementName, changePercent]),
  ).toEqual([
    ["followers", -60],
    ["employees", -18],
    ["employees", -15],
    ["followers", 60],
    ["open issues", 400],
    ["revenue", 5],
  ]);
});
