import { expect, test } from "@jest/globals";
import { type FindingRow, headline, oneForEachSeries } from "./findings.ts";

test.each([
  ["Personio: stars +38%", "Personio", "+38%", "Stars"],
  ["Personio: GitHub stars of os-core +38%", "Personio", "+38%", "GitHub stars of os-core"],
  ["Personio: stars +38%", "Personio", null, "Stars +38%"],
  ["Personio: stars +38%", "Alan", "+38%", "Personio: stars"],
  ["A: B: rating 3 → 4", "A: B", "3 → 4", "Rating"],
  [
    "Gesellschaft mit beschränkter Haft…: rating −5%",
    "Gesellschaft mit beschränkter Haftung",
    "−5%",
    "Rating",
  ],
  ["Another …: rating −5%", "Personio", "−5%", "Another …: rating"],
  ["A very long thing… of Personio changed", "Personio", null, "A very long thing… of Personio changed"],
  ["iOS downloads fell by a third", "Personio", "−33%", "iOS downloads fell by a third"],
  ["Personio: +38%", "Personio", "+38%", "+38%"],
  ["+38%", "Personio", "+38%", "+38%"],
])("%j of %s at %s is %j", (title, company, figure, expected) => {
  expect(headline(title, company, figure)).toBe(expected);
});

test("the findings of one series in a message are one, with the figures of the others", () => {
  const row = (id: number, companyMeasurementId: number, value: unknown, day: number): FindingRow => ({
    id,
    companyMeasurementId,
    companyId: 1,
    company: "Personio",
    measurementId: 1,
    itemKey: "",
    observedAt: new Date(Date.UTC(2026, 2, day)),
    severity: "high",
    isHistory: false,
    facts: { why: "Because.", value },
    title: null,
    message: `Message ${id}.`,
    triggerFactor: `+${id}0%`,
    sourceName: "github",
    measurementName: "stars",
    isOver: false,
    shareAlike: null,
  });
  const found = [row(1, 1, 10, 3), row(2, 2, 10, 3), row(3, 1, 12, 10), row(4, 3, "a", 3), row(5, 3, "b", 4)];
  const told = oneForEachSeries([...found, row(6, 1, 14, 17)]);
  expect(told.map(({ message }) => message)).toEqual([
    "Message 1. Also +30% on 10 Mar 2026, +60% on 17 Mar 2026.",
    "Message 2.",
    "Message 4.",
    "Message 5.",
  ]);
});
