import { describe, expect, test } from "@jest/globals";
import type { KnownSeries } from "../../domain/analysis/detectorStates.ts";
import type { NumericPoint } from "../../domain/analysis/series.ts";
import { watchedPoints } from "../../domain/analysis/watchedPoints.ts";
import { judgeSeries, settingsFor } from "./anomalies.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const SETTINGS = { falseAlarmRate: 0.001 };

const pointAt = (at: number, value: number): NumericPoint => ({
  companyMeasurementId: 1,
  itemKey: "",
  measurement: { id: 1, name: "price", type: "float", parent: null },
  observedAt: new Date(at),
  value,
  previous: null,
  previousAt: null,
});

describe("the rate of false alarms is as large a year", () => {
  test.each([
    ["of an hourly series", HOUR, 0.001],
    ["of a daily series", DAY, 0.001],
    ["of a weekly series", 7 * DAY, 0.007],
    ["of a monthly series, but for its limit", 30 * DAY, 0.01],
  ])("%s", (_, gap, rate) => {
    const recent = [0, 1, 2, 3].map((index) => ({ at: index * gap, value: 1 }));
    expect(settingsFor({ recent }, SETTINGS).falseAlarmRate).toBeCloseTo(rate);
  });

  test("of a series with one point", () => {
    expect(settingsFor({ recent: [{ at: 0, value: 1 }] }, SETTINGS)).toEqual(SETTINGS);
  });
});

/** Monthly prices that move by a tenth, and then halve. */
const PRICES = [25.94, 27.12, 26.21, 28.05, 27.33, 29.14, 28.2, 30.47, 12.88, 12.41, 11.93, 12.64];

test("a monthly price that halves is told once", () => {
  let known: KnownSeries | undefined;
  const told = PRICES.flatMap((price, index) => {
    const judged = judgeSeries(pointAt(index * 30 * DAY, price), known, undefined, SETTINGS);
    known = { state: judged.state, lastObservedAt: judged.lastObservedAt };
    return judged.anomalies.map(({ point }) => point.value);
  });
  expect(told).toEqual([12.88]);
});

test("of a list the largest items are watched, of the company itself all", () => {
  const items = Array.from({ length: 120 }, (_, index) => ({ ...pointAt(0, index), itemKey: `${index}` }));
  const own = { ...pointAt(0, 0), companyMeasurementId: 2 };
  const watched = watchedPoints([...items, own]);
  expect(watched).toHaveLength(51);
  expect(watched).toContain(own);
  expect(Math.min(...watched.slice(0, 50).map(({ value }) => value))).toBe(70);
});
