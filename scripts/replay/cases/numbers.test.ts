import { describe, expect, test } from "@jest/globals";
import { field, replayed, states, titles } from "./replayCase.ts";

const rules = [{ measurement: "x", threshold: 10 }];
const days = (values: readonly unknown[]) => values.map((x) => ({ x }));
const steady = (count: number, level: number, step = level / 1000) =>
  Array.from({ length: count }, (_, index) => level + index * step);
const pointsOf = ({ series }: Awaited<ReturnType<typeof replayed>>) =>
  series.map(({ points }) => points.map(({ value }) => value));

describe("Numbers as people write them", () => {
  test("are read where there is one way to read them", async () => {
    const written = ["10.1K", "−5", "12 345,6", "1.234.567", "1’234’567", "007", "1,5e3", "2.5e3"];
    const result = await replayed({ map: [field("x")], days: days(written) });
    expect(pointsOf(result)[0]).toEqual([10_100, -5, 12_345.6, 1_234_567, 1_234_567, 7, 2500]);
  });

  test.each(["1.234", "3,350", "12.345"])(
    "%s has two readings: an issue, and the series goes on",
    async (text) => {
      const level = Number(text.replace(/[.,]/, ""));
      const result = await replayed({
        map: [field("x")],
        rules,
        days: days([...steady(12, level), text, ...steady(3, level)]),
      });
      expect(result.documents[12]).toMatchObject({
        issues: [{ path: "x", received: `"${text}"` }],
        values: 0,
      });
      expect(result.documents[12]?.problem).not.toContain("empty");
      expect(pointsOf(result)[0]).toHaveLength(15);
      expect(result.news).toEqual([]);
    },
  );

  test("are read as the map declares", async () => {
    const map = [field("x", "float", { locale: "de", currency: "EUR" })];
    const result = await replayed({ map, rules, days: days(["1.200,50 €", "1.201", "1.202,5"]) });
    expect(pointsOf(result)).toEqual([[1200.5, 1201, 1202.5]]);
  });
});

describe("Units", () => {
  test("another currency is a data problem and a series of its own", async () => {
    const prices = [...steady(8, 100).map((price) => `$${price.toFixed(2)}`), "€45.00", "€45.10"];
    const result = await replayed({ map: [field("x")], rules, days: days(prices) });
    expect(states(result).slice(7)).toEqual(["ANALYZED", "DATA_PROBLEM", "ANALYZED"]);
    expect(pointsOf(result).map((points) => points.length)).toEqual([8, 2]);
    expect(result.news).toEqual([]);
  });

  test("a currency where none was goes on, and stands in the news", async () => {
    const prices = [...steady(8, 100), "€100.90", "€140.00"];
    const { series, news } = await replayed({ map: [field("x")], rules, days: days(prices) });
    expect(series).toHaveLength(1);
    expect(news.map(({ message }) => message)).toEqual([expect.stringContaining("€140")]);
  });
});

describe("Another scale", () => {
  test.each([
    ["thousands", 10_000, 10.02],
    ["a lost point", 4.5, 46],
    ["cents", 20, 2004],
  ])("%s, and back: nothing", async (_, level, odd) => {
    const result = await replayed({
      map: [field("x")],
      rules,
      days: days([...steady(10, level), odd, odd, ...steady(3, level)]),
    });
    expect(states(result).slice(9)).toEqual([
      "ANALYZED",
      "DATA_PROBLEM",
      "DATA_PROBLEM",
      "ANALYZED",
      "ANALYZED",
      "ANALYZED",
    ]);
    expect(pointsOf(result)[0]).toHaveLength(13);
    expect(result.news).toEqual([]);
  });

  test("for good: told once, and what was held counts", async () => {
    const result = await replayed({
      map: [field("x")],
      rules,
      days: days([...steady(10, 10_000), ...steady(8, 10)]),
    });
    expect(result.news.map(({ kind, title }) => `${kind} ${title}`)).toEqual([
      "new_scale Acme: x 10,090 → 10.03",
    ]);
    expect(pointsOf(result)[0]).toHaveLength(18);
  });

  test("the other numbers of the document go on", async () => {
    const result = await replayed({
      map: [field("x"), field("y")],
      rules: [{ measurement: "y", threshold: 10 }],
      days: [...steady(10, 500).map((x) => ({ x, y: 50 })), { x: 0.506, y: 80 }],
    });
    expect(titles(result)).toEqual(["Acme: y +60%"]);
  });
});

test("An integer that no double holds is kept, and left out of what calculates", async () => {
  const huge = "9".repeat(310);
  const result = await replayed({
    map: [field("x", "int"), field("y", "int")],
    rules,
    days: [...days([500, 501, huge, 502]), { x: 700, y: 1 }],
  });
  expect(states(result)).toEqual(Array(5).fill("ANALYZED"));
  expect(result.documents[2]?.values).toBe(1);
  expect(pointsOf(result)[0]).toEqual([500, 501, 502, 700]);
  expect(titles(result)).toEqual(["Acme: x +39%"]);
});
