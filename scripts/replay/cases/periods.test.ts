import { describe, expect, test } from "@jest/globals";
import { day, field, replayed } from "./replayCase.ts";

const rules = [{ measurement: "x", threshold: 20 }];
const wobble = (index: number) => 1000 + ((index * 37) % 40);
/** What was counted of a day, read when that day was over. */
const final = (index: number, x = wobble(index)) => ({
  observedAt: day(index, 0),
  receivedAt: day(index + 1, 1),
  data: { x },
});
const pointsOf = ({ series }: Awaited<ReturnType<typeof replayed>>) =>
  series[0]?.points.map(({ value }) => value) ?? [];

describe("A value of a period that is not over", () => {
  const map = [field("x", "int", { period: "day" })];
  const before = Array.from({ length: 20 }, (_, index) => final(index));

  test("is no news, and gives way to the final one", async () => {
    const provisional = { observedAt: day(20, 9), data: { x: 370 } };
    const result = await replayed({
      map,
      rules,
      documents: [...before, provisional, final(20, 1010), final(21)],
    });
    expect(result.news).toEqual([]);
    expect(pointsOf(result).slice(-3)).toEqual([wobble(19), 1010, wobble(21)]);
  });

  test("a final value that fell is news", async () => {
    const provisional = { observedAt: day(20, 9), data: { x: 370 } };
    const result = await replayed({ map, rules, documents: [...before, provisional, final(20, 500)] });
    expect(result.news.map(({ title }) => title)).toEqual([expect.stringMatching(/^Acme: x −5\d%$/)]);
  });

  test("read in the middle of each day: a day is judged once it is over", async () => {
    const readings = [...Array.from({ length: 16 }, (_, index) => wobble(index)), 400, 1000].map(
      (x, index) => ({
        observedAt: day(index, 23),
        data: { x },
      }),
    );
    const { news } = await replayed({ map, rules, documents: readings });
    expect(news.map(({ observedAt }) => observedAt.toISOString())).toEqual([day(16, 23)]);
  });
});

test("a month to date starts anew each month, and only whole months are compared", async () => {
  const documents = Array.from({ length: 70 }, (_, index) => {
    const observedAt = day(index);
    return { observedAt, data: { x: 1000 * new Date(observedAt).getUTCDate() } };
  });
  const result = await replayed({ map: [field("x", "float", { Period: "Month" })], rules, documents });
  expect(result.news).toEqual([]);
  expect(pointsOf(result)).toEqual([31_000, 30_000, 10_000]);
});

test("two values for one time are one point, the last", async () => {
  const documents = [
    ...Array.from({ length: 9 }, (_, index) => ({ observedAt: day(index), data: { x: 100 } })),
    { observedAt: day(8), receivedAt: day(8, 9), data: { x: 101 } },
    { observedAt: day(9), data: { x: 102 } },
  ];
  expect(pointsOf(await replayed({ map: [field("x")], documents })).slice(-3)).toEqual([100, 101, 102]);
});
