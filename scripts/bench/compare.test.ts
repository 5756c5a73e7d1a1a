import { expect, test } from "@jest/globals";
import { changesBetween } from "./compare.ts";
import type { EarlierMeasured, EarlierResult } from "./result.ts";
import { type Figure, isReached } from "./suite.ts";

const ratio = (median: number, low = median, high = median): EarlierMeasured => ({
  as: "ratio",
  median,
  spread: [low, high],
});
const count = (value: number): EarlierMeasured => ({ as: "count", count: value });

function result(suites: Record<string, Record<string, EarlierMeasured>>): Pick<EarlierResult, "suites"> {
  return {
    suites: Object.entries(suites).map(([name, figures]) => ({
      name,
      figures: Object.entries(figures).map(([figure, measured]) => ({ name: figure, measured })),
    })),
  };
}

test("a ratio has changed where its rounds are apart from those before", () => {
  const before = result({ normalize: { fast: ratio(0.4, 0.38, 0.43), noisy: ratio(0.5, 0.3, 0.7) } });
  const after = result({ normalize: { fast: ratio(0.6, 0.58, 0.61), noisy: ratio(0.65, 0.6, 0.8) } });
  expect(changesBetween(before, after)).toEqual([
    { suite: "normalize", figure: "fast", before: 0.4, after: 0.6, isClear: true },
    { suite: "normalize", figure: "noisy", before: 0.5, after: 0.65, isClear: false },
  ]);
});

test("a count has changed where it is another one", () => {
  const before = result({ schedule: { statements: count(9), pages: count(3) } });
  const after = result({ schedule: { statements: count(10), pages: count(3) } });
  expect(changesBetween(before, after).map(({ isClear }) => isClear)).toEqual([true, false]);
});

test("a figure that is new, gone, or measured another way is told; a suite that ran once is not", () => {
  const before = result({ normalize: { gone: count(1), retold: count(2) }, cost: { dollars: count(5) } });
  const after = result({ normalize: { new: count(3), retold: ratio(2) } });
  expect(changesBetween(before, after)).toEqual([
    { suite: "normalize", figure: "new", before: undefined, after: 3, isClear: true },
    { suite: "normalize", figure: "retold", before: 2, after: 2, isClear: false },
    { suite: "normalize", figure: "gone", before: 1, after: undefined, isClear: true },
  ]);
});

test("a target is reached at the number itself", () => {
  const figure = (target?: Figure["target"]): Figure => ({
    name: "a figure",
    explains: "",
    measured: { as: "ratio", median: 0.6, spread: [0.5, 0.7], rounds: [0.6] },
    absolute: [],
    ...(target && { target }),
  });
  expect(isReached(figure({ atLeast: 0.6 }))).toBe(true);
  expect(isReached(figure({ atLeast: 0.61 }))).toBe(false);
  expect(isReached(figure({ atMost: 0.6 }))).toBe(true);
  expect(isReached(figure({ atMost: 0.59 }))).toBe(false);
  expect(isReached(figure())).toBeUndefined();
});
