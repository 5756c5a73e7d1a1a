import { describe, expect, test } from "@jest/globals";
import fc from "../../../test/properties.ts";
import { unitOf } from "../../domain/finding/unitOf.ts";
import type { Candidate } from "./candidate.ts";
import { groundsOf, unfoundedNumbers } from "./language/grounds.ts";
import { newsText } from "./newsText.ts";

const POINT = {
  measurementId: 1,
  companyMeasurementId: 2,
  itemKey: "",
  observedAt: new Date("2024-05-02T10:00:00Z"),
  severity: "low",
} as const;
const NAMES = { company: "Personio", source: "crunchbase" };
const measurement = (name: string) => ({ id: 1, name, type: "int", parent: null });

function ruleCandidate(
  name: string,
  value: number,
  reference: number,
  expected = { low: 90.049, high: 110.26 },
): Candidate {
  return {
    ...POINT,
    detector: "rule:12",
    measurement: measurement(name),
    facts: {
      kind: "rule",
      value,
      previous: reference,
      ...(unitOf(name) === undefined ? {} : { unit: unitOf(name) ?? "" }),
      ruleName: "A rule",
      thresholdPercent: 10,
      aggregation: "AVG",
      reference,
      referenceCount: 10,
      changePercent: 100 * (value / reference - 1),
      direction: value > reference ? "up" : "down",
      expected,
      why: "The rule “A rule” reports changes of 10% or more.",
    },
  };
}

test("a rule's news says what moved, against what, and that it is unusual", () => {
  expect(newsText(ruleCandidate("company total funding (USD)", 1_380_000, 1_000_000), NAMES)).toEqual({
    title: "Personio: company total funding (USD) +38%",
    message:
      "Personio's company total funding (USD): $1.38M, up from $1M (crunchbase, 2 May 2024). " +
      "That is 38% above the average of the 10 values before, $1M. " +
      "Expected $90–$110.",
    triggerFactor: "+38%",
  });
});

test.each([
  [{ low: 1204.6, high: 1206.04 }, "1,205–1,206"],
  [{ low: 20.643, high: 40.297 }, "21–40"],
  [{ low: 1_234_000, high: 1_234_911 }, "1.234M–1.235M"],
  [{ low: 0.2999, high: 0.7001 }, "0.3–0.7"],
  [{ low: 12.345, high: 12.345 }, "12.35"],
  [{ low: -0.001, high: 1 }, "0–1"],
])("what was expected, %j, is as exact as it is narrow", (expected, words) => {
  const { message } = newsText(ruleCandidate("stars", 2_000_000, 1_000_000, expected), NAMES);
  expect(message).toContain(`Expected ${words}.`);
});

test("an anomaly's news says why it is one", () => {
  const candidate: Candidate = {
    ...POINT,
    detector: "anomaly",
    measurement: measurement("visits"),
    facts: {
      kind: "anomaly",
      value: 412,
      previous: 0,
      score: 0.9999,
      event: "spike",
      expected: { low: 120, high: 160 },
      changePercent: null,
      direction: "up",
      item: "the start page",
      why: "Unusual for this series: 412 against an expected 120 to 160.",
    },
  };
  expect(newsText(candidate, { ...NAMES, company: "Airbus" })).toEqual({
    title: "Airbus: visits of the start page 0 → 412",
    message:
      "Airbus' visits of the start page: 412, up from 0 (crunchbase, 2 May 2024). " +
      "Unusual for this series: 412 against an expected 120 to 160.",
    triggerFactor: "0 → 412",
  });
});

describe("whatever the names and numbers are", () => {
  const name = fc.string({ minLength: 1, maxLength: 300, unit: "binary" });
  const number = fc.double({ min: 1e-6, max: 1e12, noNaN: true });

  test("a title has 90 characters at most, and its figure at the end", () => {
    fc.assert(
      fc.property(name, name, number, number, (company, series, value, reference) => {
        const { title, triggerFactor } = newsText(ruleCandidate(series, value, reference), {
          ...NAMES,
          company,
        });
        expect(title.length).toBeLessThanOrEqual(90);
        expect(title.endsWith(triggerFactor) || triggerFactor.length > 40).toBe(true);
        expect(title).not.toMatch(/[\r\n]/);
      }),
    );
  });

  test("better words may say all that the template says", () => {
    const candidate = ruleCandidate("stars", 1412, 1023);
    const { title, message, triggerFactor } = newsText(candidate, NAMES);
    const grounds = groundsOf([title, message, triggerFactor], candidate.facts);
    expect(unfoundedNumbers(`${title} ${message} Up 38% from an average of 1,023.`, grounds)).toEqual([]);
  });
});
