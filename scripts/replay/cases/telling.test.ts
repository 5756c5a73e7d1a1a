import { describe, expect, test } from "@jest/globals";
import { day, field, list, replayed, titles } from "./replayCase.ts";

const days = (values: readonly number[]) => values.map((x) => ({ x }));
const twoRules = [
  { measurement: "x", threshold: 100 },
  { measurement: "x", threshold: 50 },
];

describe("Zero and small", () => {
  test.each<readonly [values: readonly number[], told: readonly string[]]>([
    [[0, 0, 0, 50], ["Acme: x 0 → 50"]],
    [[0, 0, 0, 1], []],
    [[2, 3, 2, 3], []],
    [[0, 0, 0, 0.000000001], []],
    [[0, 0, 0, 0], []],
    [[1, 2, 4, 8], ["Acme: x +100%"]],
    [[50, 0], ["Acme: x −100%"]],
    [[1000, 1], ["Acme: x −99.9%"]],
  ])("%j: %j, once however many rules agree", async (values, told) => {
    expect(titles(await replayed({ map: [field("x")], rules: twoRules, days: days(values) }))).toEqual(told);
  });

  test("a rule may ask for a least change", async () => {
    const rules = [{ measurement: "x", threshold: 10, minimumChange: 40 }];
    expect(titles(await replayed({ map: [field("x")], rules, days: days([100, 130, 180]) }))).toEqual([
      "Acme: x +38%",
    ]);
  });
});

const weekdays = (index: number) => [1000, 1050, 1020, 990, 940, 400, 380][index % 7] ?? 0;
const wobble = (index: number) => 1 + ((index * 37) % 11) / 300;

test("The rhythm of a week is told when it is new, and never again", async () => {
  const rules = [{ measurement: "x", threshold: 20 }];
  const values = Array.from({ length: 35 }, (_, index) => Math.round(weekdays(index) * wobble(index)));
  const { news } = await replayed({ map: [field("x")], rules, days: days([...values, 300, 290]) });
  const late = news.map(({ observedAt }) => observedAt.toISOString()).filter((at) => at > day(10));
  // The Monday and the Tuesday that are like Sundays.
  expect(late).not.toEqual([]);
  expect(late.every((at) => at >= day(35))).toBe(true);
});

test("Growth that goes on is no news against the average of what was before", async () => {
  const rules = [{ measurement: "x", threshold: 15, aggregation: "avg", entries: 10 }];
  const values = Array.from({ length: 30 }, (_, index) => Math.round(630 * 1.02 ** index));
  const steady = Array.from({ length: 30 }, (_, index) => 40 + 3 * index);
  for (const grown of [values, steady]) {
    expect(titles(await replayed({ map: [field("x")], rules, days: days(grown) }))).toEqual([]);
  }
  const jumped = await replayed({ map: [field("x")], rules, days: days([...steady.slice(0, 20), 180]) });
  expect(jumped.news).toHaveLength(1);
});

describe("One thing is told once", () => {
  const map = [
    list("repositories", [field("name", "text"), field("stars", "int"), field("forks", "int")]),
    field("total stars", "int"),
  ];
  const answer = (factor: number, index: number) => {
    const repositories = [1, 2, 3].map((number) => {
      const grown = number === 1 ? factor : 1;
      return { name: `r${number}`, stars: (100 * number + index) * grown, forks: 20 * number * grown };
    });
    return { repositories, "total stars": repositories.reduce((sum, { stars }) => sum + stars, 0) };
  };

  test("an item, its other numbers and its totals are one entry with its parts", async () => {
    const rules = ["stars", "forks", "total stars"].map((measurement) => ({ measurement, threshold: 10 }));
    const answers = Array.from({ length: 20 }, (_, index) => answer(index === 19 ? 2 : 1, index));
    const { news, messages } = await replayed({ map, rules, days: answers });
    expect(news).toHaveLength(1);
    expect(news[0]?.parts).toHaveLength(2);
    expect(news[0]?.message).toContain("Along with it: ");
    expect(messages).toHaveLength(2);
  });

  test("two that have nothing in common are two", async () => {
    const rules = ["x", "y"].map((measurement) => ({ measurement, threshold: 10 }));
    const answers = [...Array(9).fill({ x: 100, y: 50 }), { x: 140, y: 20 }];
    const { news } = await replayed({ map: [field("x"), field("y")], rules, days: answers });
    expect(news).toHaveLength(2);
  });
});

test("What matters to an investor comes first", async () => {
  const rules = ["employees", "open issues"].map((measurement) => ({ measurement, threshold: 10 }));
  const answers = Array.from({ length: 12 }, (_, index) => ({
    employees: index < 11 ? 300 : 213,
    "open issues": index < 11 ? 6 : 10,
  }));
  const { news, messages } = await replayed({
    map: [field("open issues", "int"), field("employees", "int")],
    rules,
    days: answers,
  });
  expect(news.map(({ severity, measurement }) => [measurement, severity])).toEqual(
    expect.arrayContaining([
      ["employees", "critical"],
      ["open issues", "low"],
    ]),
  );
  expect(messages[0]?.subject).toMatch(/^Acme: Employees, −29%/);
});

test("A change across a gap says when the value before was observed", async () => {
  const documents = [
    ...Array.from({ length: 12 }, (_, index) => ({ observedAt: day(index), data: { x: 100 } })),
    { observedAt: day(110), data: { x: 200 } },
  ];
  const { news } = await replayed({
    map: [field("x")],
    rules: [{ measurement: "x", threshold: 20 }],
    documents,
  });
  expect(news[0]?.message).toContain("up from 100 on 13 Mar 2026");
});
