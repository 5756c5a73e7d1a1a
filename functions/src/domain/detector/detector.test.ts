import { expect, test } from "@jest/globals";
import { advance, type Point, type Verdict } from "./detector.ts";
import { DAY, made, random } from "./madeSeries.ts";
import type { Kind } from "./reason.ts";
import { start } from "./state.ts";

type Value = (i: number) => number;

const noise = (seed: number, level: number, size: number): Value => {
  const { normal } = random(seed);
  return () => level + size * normal();
};
const counts = (seed: number, mean: number): Value => {
  const { count } = random(seed);
  return () => count(mean);
};
const weekdays = (seed: number): Value => {
  const { normal } = random(seed);
  return (i) => ([320, 330, 325, 310, 290, 120, 100][i % 7] ?? 0) * (1 + normal() / 30);
};
const hours = (seed: number): Value => {
  const { normal } = random(seed);
  return (i) => 100 + 60 * Math.sin((i * Math.PI) / 12) + 5 * normal();
};
const trend = (seed: number): Value => {
  const { normal } = random(seed);
  return (i) => 500 + 12 * i + 8 * normal();
};
const growth = (seed: number): Value => {
  const { normal } = random(seed);
  return (i) => 100 * 1.06 ** i * (1 + normal() / 20);
};
const sparse = (seed: number): Value => {
  const { uniform } = random(seed);
  return () => (uniform() < 0.15 ? 1 : 0);
};

const skewed = (seed: number): Value => {
  const { normal } = random(seed);
  return () => 100 * Math.exp(0.35 * normal());
};

function judge(points: readonly Point[]): Verdict[] {
  const state = start();
  return points.map((point) => advance(state, point));
}
/** The positions of the points with an alert. */
const alertsIn = (verdicts: readonly Verdict[]) => verdicts.flatMap(({ alert }, i) => (alert ? [i] : []));

test.each<[string, number, (seed: number) => Value, number?]>([
  ["noise around a level", 60, (seed) => noise(seed, 200, 10)],
  ["8 points", 8, (seed) => noise(seed, 200, 10)],
  ["a weekday pattern", 140, weekdays],
  ["a trend", 90, trend],
  ["exponential growth", 60, growth],
  ["low counts", 100, (seed) => counts(seed, 2)],
  ["mostly zero", 100, sparse],
  ["skewed", 100, skewed],
  ["never changing", 100, () => () => 42],
  ["always zero", 100, () => () => 0],
  ["hours of a day", 24 * 21, hours, DAY / 24],
  ["weekly", 52, (seed) => counts(seed, 30), 7 * DAY],
  ["a long one", 1500, (seed) => noise(seed, 50, 4), DAY / 288],
])("%s: hardly an alert where nothing happens", (_, length, ordinary, ...[every]) => {
  const alerts = [1, 2, 3, 4, 5].flatMap((seed) => alertsIn(judge(made(length, ordinary(seed), every))));
  // The promise is one in a thousand: at most three times that, and one, by chance.
  expect(alerts.length).toBeLessThanOrEqual(1 + (3 * 5 * length) / 1000);
});

test.each<[string, Point[], number, Kind, number[]]>([
  [
    "a spike",
    made(
      60,
      change(noise(1, 200, 10), 50, (value) => value + 150, 51),
    ),
    50,
    "spike",
    [50],
  ],
  [
    "a drop",
    made(
      60,
      change(noise(3, 200, 10), 50, (value) => value - 150, 51),
    ),
    50,
    "drop",
    [50],
  ],
  [
    "the last of 8 points",
    made(
      8,
      change(noise(3, 200, 10), 7, () => 600),
    ),
    7,
    "spike",
    [7],
  ],
  [
    "a new level",
    made(
      90,
      change(noise(4, 200, 10), 50, (value) => value + 120),
    ),
    50,
    "spike",
    [50],
  ],
  [
    "a small new level",
    made(
      90,
      change(noise(4, 200, 10), 50, (value) => value + 45),
    ),
    52,
    "level shift",
    [52],
  ],
  [
    "a collapse to 0",
    made(
      70,
      change(noise(5, 200, 10), 50, () => 0),
    ),
    50,
    "drop",
    [50],
  ],
  [
    "many on low counts",
    made(
      80,
      change(counts(7, 2), 70, () => 17, 71),
    ),
    70,
    "spike",
    [70],
  ],
  [
    "a first change",
    made(
      70,
      change(
        () => 42,
        50,
        () => 60,
      ),
    ),
    50,
    "first change",
    [50],
  ],
  [
    "a weekday that is like a Sunday",
    made(
      100,
      change(weekdays(8), 93, () => 100, 94),
    ),
    93,
    "drop",
    [93],
  ],
  [
    "a wrong hour",
    made(
      24 * 21,
      change(hours(9), 498, (value) => value + 110, 499),
      DAY / 24,
    ),
    498,
    "spike",
    [498],
  ],
  [
    "a trend that turns",
    made(
      90,
      change(trend(10), 60, (value, i) => value - 34 * (i - 59)),
    ),
    62,
    "trend break",
    [62],
  ],
  ["a spike years after a larger one", made(90, outlier(noise(12, 200, 10))), 70, "spike", [30, 70]],
  [
    "a tripled week",
    made(
      26,
      change(noise(13, 150, 10), 20, () => 450, 21),
      7 * DAY,
    ),
    20,
    "spike",
    [20],
  ],
])("%s: one alert, when it happens", (_, points, at, kind, alerts) => {
  const verdicts = judge(points);
  expect(alertsIn(verdicts)).toEqual(alerts);
  expect(verdicts[at]?.kind).toBe(kind);
});

/** The series with its points from a position on changed. */
function change(
  ordinary: Value,
  from: number,
  to: (value: number, i: number) => number,
  until = Infinity,
): Value {
  return (i) => {
    const value = ordinary(i);
    return i >= from && i < until ? to(value, i) : value;
  };
}
/** Something enormous at 30, and something large at 70. */
function outlier(ordinary: Value): Value {
  return change(
    change(ordinary, 30, () => 5000, 31),
    70,
    () => 400,
    71,
  );
}

test("silence that ends is told, after its beginning was", () => {
  const active = counts(7, 50);
  const verdicts = judge(made(90, (i) => (i < 40 || i >= 80 ? active(i) : 0)));
  expect(alertsIn(verdicts)).toEqual([40, 80]);
  expect(verdicts[80]?.kind).toBe("silence ended");
  expect(verdicts[80]?.reason).toMatch(/^\d+ after 0 came 40 times in a row$/);
});

test("irregular sampling: a value far off is told, a long gap is not", () => {
  const { uniform, normal } = random(14);
  let at = Date.UTC(2024, 0, 1);
  const points = Array.from({ length: 80 }, (_, i) => {
    at += DAY * (i === 60 ? 30 : 0.2 + 2 * uniform());
    return { at, value: (i === 70 ? 200 : 80) + 6 * normal() };
  });
  expect(alertsIn(judge(points))).toEqual([70]);
});

test("a first change surprises the more the larger it is, but never endlessly", () => {
  const scores = [43, 50, 90].map(
    (value) =>
      judge(
        made(
          31,
          change(
            () => 42,
            30,
            () => value,
          ),
        ),
      )[30]?.score,
  );
  expect(scores[0]).toBeLessThan(0.99);
  expect(scores[0]).toBeLessThan(scores[1] ?? 0);
  expect(scores[1]).toBeLessThan(scores[2] ?? 0);
  const first = judge(
    made(
      101,
      change(
        () => 0,
        100,
        () => 5,
      ),
    ),
  ).at(-1);
  // Nothing says whether 5 is much: only that it is the first in 100.
  expect(first?.score).toBeGreaterThan(0.99);
  expect(first?.score).toBeLessThan(0.999);
});

test("a skewed series is expected to go further up than down, and no further than is news", () => {
  const verdict = judge(
    made(
      41,
      change(skewed(1), 40, () => 1200),
    ),
  )[40];
  const { low, high } = verdict?.expected ?? { low: 0, high: 0 };
  expect(high - 100).toBeGreaterThan(1.3 * (100 - low));
  expect(verdict).toMatchObject({ alert: true, kind: "spike" });
});

test("what was never negative and scatters is told when it falls far below 0", () => {
  const verdict = judge(
    made(
      61,
      change(skewed(1), 60, () => -1000),
    ),
  )[60];
  expect(verdict).toMatchObject({ alert: true });
});

test("a few points that scatter are told apart from a scatter of 2 %, which is assumed before there are any", () => {
  // Where the 2 % were held against what was seen, 20.
  const alerts = Array.from({ length: 100 }, (_, seed) => alertsIn(judge(made(12, skewed(seed + 1))))).flat();
  expect(alerts.length).toBeLessThanOrEqual(10);
});

test("says what was found and what was expected in words and numbers", () => {
  const verdict = judge(
    made(
      60,
      change(noise(1, 140, 9), 50, () => 412),
    ),
  )[50];
  expect(verdict?.reason).toMatch(/^412 against an expected 1[12]\d–1[56]\d$/);
  expect(verdict?.expected?.low).toBeGreaterThan(100);
  expect(verdict?.expected?.high).toBeLessThan(180);
});

test("the rate of false alarms decides what is an alert, and not the score", () => {
  const points = made(200, noise(15, 10, 1));
  const judgeAt = (falseAlarmRate: number) => {
    const state = start();
    return points.map((point) => advance(state, point, { falseAlarmRate }));
  };
  const [rare, frequent] = [judgeAt(1e-6), judgeAt(0.05)];
  expect(rare.map(({ score }) => score)).toEqual(frequent.map(({ score }) => score));
  expect(alertsIn(rare)).toEqual([]);
  expect(alertsIn(frequent).length).toBeGreaterThan(0);
});

test("what comes again and again is told a few times only", () => {
  const { normal } = random(16);
  const points = made(2000, (i) => 100 + normal() + (i % 97 === 96 ? 60 : 0), DAY / 24);
  const alerts = alertsIn(judge(points));
  expect(alerts.length).toBeGreaterThanOrEqual(1);
  expect(alerts.length).toBeLessThanOrEqual(10);
});
