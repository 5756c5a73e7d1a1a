import { describe, expect, test } from "@jest/globals";
import { byImportance, type Change, type Ranked, severityOf } from "./importance.ts";

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
    ["critical", "employee_count", 300, 213],
    ["critical", "numberOfEmployees", 300, 213],
    ["critical", "Mitarbeiter", 300, 213],
    ["critical", "chiffre d’affaires", 1_000_000, 600_000],
    ["low", "open_issues_count", 6, 10],
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

const at = (day: number) => new Date(Date.UTC(2026, 0, day));
const told = (
  severity: Ranked["severity"],
  measurementName: string,
  changePercent: number | null,
  more: Partial<Ranked> = {},
): Ranked => ({ severity, measurementName, changePercent, observedAt: at(9), ...more });

describe("the order in which findings are told", () => {
  test.each<readonly [why: string, first: Ranked, second: Ranked]>([
    ["the more severe", told("critical", "followers", -60), told("high", "revenue", -15)],
    ["people before code", told("high", "employees", -15), told("high", "open issues", 400)],
    ["money before people", told("low", "revenue", 5), told("low", "employees", 7)],
    ["names of any style", told("low", "employee_count", 5), told("low", "openIssues", 90)],
    ["the larger", told("high", "employees", -18), told("high", "employees", -15)],
    ["the larger of falls and rises", told("low", "stars", -80), told("low", "stars", 70)],
    ["what lasts", told("high", "employees", -9), told("high", "employees", -18, { isOver: true })],
    ["the rare", told("high", "jobs", 30), told("high", "jobs", 60, { shareAlike: 0.1 })],
    [
      "the rare, of less severity, before what everybody has",
      told("medium", "jobs", 30),
      told("high", "stars", 300, { shareAlike: 0.6 }),
    ],
    ["the newer", told("low", "x", 5), told("low", "x", 5, { observedAt: at(1) })],
    ["what came from nothing last of its size", told("low", "x", 5), told("low", "x", null)],
  ])("%s", (_, first, second) => {
    expect([second, first].toSorted(byImportance)).toEqual([first, second]);
    expect([first, second].toSorted(byImportance)).toEqual([first, second]);
  });
});
