import { describe, expect, test } from "@jest/globals";
import type { NumericPoint, Rule } from "../../domain/analysis/series.ts";
import { ruleFindings } from "./numericFindings.ts";
import { growsOn, hasWeekdayRhythm } from "./rhythm.ts";

const day = (number: number) => Date.UTC(2026, 2, 2 + number, 6);
const daily = (values: readonly number[]) => values.map((value, index) => ({ at: day(index), value }));

function isRhythm(values: readonly number[], threshold = 20): boolean {
  const history = daily(values);
  const [previous, last] = history.slice(-2);
  const observedAt = new Date(last?.at ?? 0);
  return hasWeekdayRhythm(
    { value: last?.value ?? 0, previous: previous?.value ?? null, observedAt },
    history,
    threshold,
  );
}

describe("the rhythm of a week", () => {
  test.each<readonly [what: string, values: readonly number[], is: boolean]>([
    ["a Monday after a weekend, as a week ago", [50, 100, 99, 101, 100, 98, 52, 50, 101], true],
    ["a Saturday, as a week ago", [100, 50, 52, 101, 100, 99, 98, 100, 51], true],
    ["a jump that a week ago had none of", [100, 100, 99, 101, 100, 98, 100, 100, 150], false],
    ["a Monday far above the one a week ago", [50, 100, 99, 101, 100, 98, 52, 50, 200], false],
    ["the other way than a week ago", [50, 100, 99, 101, 100, 98, 52, 150, 101], false],
    ["less than a week", [50, 100, 50, 100], false],
  ])("%s: %j", (_, values, is) => {
    expect(isRhythm(values)).toBe(is);
  });

  test("a weekly series has no weekdays", () => {
    const history = [50, 100, 50].map((value, index) => ({ at: day(7 * index), value }));
    const point = { value: 100, previous: 50, observedAt: new Date(day(21)) };
    expect(hasWeekdayRhythm(point, [...history, { at: day(21), value: 100 }], 20)).toBe(false);
  });
});

describe("a series that goes on growing", () => {
  test.each<readonly [values: readonly number[], is: boolean]>([
    [[10, 13, 16, 19, 22], true],
    [[100, 110, 121, 133, 146], true],
    [[100, 90, 81, 73, 65], true],
    [[10, 13, 16, 19, 43], false],
    [[10, 13, 16, 19, 16], false],
    [[100, 100, 100, 100, 110], false],
    [[10, 13, 16, 19], false],
  ])("%j: %j", (values, is) => {
    expect(growsOn(daily(values))).toBe(is);
  });
});

test("a rule may ask for what comes every week, too", () => {
  const point: NumericPoint = {
    companyMeasurementId: 1,
    itemKey: "",
    measurement: { id: 1, name: "visits", type: "int", parent: null },
    observedAt: new Date(day(7)),
    value: 1000,
    previous: 500,
    previousAt: new Date(day(6)),
  };
  const rule = (id: number, tellsRhythm: boolean): Rule => ({
    id,
    name: `rule ${id}`,
    threshold: 20,
    minimumChange: null,
    tellsRhythm,
    message: null,
    aggregation: "LAST",
    reference: 500,
    referenceCount: 1,
  });
  const told = (...rules: Rule[]) =>
    ruleFindings([point], {
      rules: new Map([["1 ", rules]]),
      anomalies: [],
      expectedAt: () => undefined,
      ordinary: new Set(["1 "]),
      telling: { names: () => "", periodMs: 86_400_000 },
    }).map(({ detector }) => detector);
  expect(told(rule(1, false))).toEqual([]);
  expect(told(rule(1, false), rule(2, true))).toEqual(["rule:2"]);
});
