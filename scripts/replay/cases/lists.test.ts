import { describe, expect, test } from "@jest/globals";
import { field, list, replayed, states, titles } from "./replayCase.ts";

const map = (more = {}) => [
  list("positions", [field("id", "int"), field("title", "text"), field("salary", "int")], more),
  field("total", "int"),
];
const positions = (count: number, first = 0) =>
  Array.from({ length: count }, (_, index) => ({
    id: 100 + first + index,
    title: `Engineer ${first + index}`,
    salary: 50_000 + index,
  }));
const counted = (count: number) => ({ positions: positions(count), total: count });
const rules = [{ measurement: "total", threshold: 10 }];

describe("Half a list is held until the next observation", () => {
  test.each([
    ["fewer", 25],
    ["none", 0],
  ])("%s, and then all again: nothing is told", async (_, count) => {
    const result = await replayed({ map: map(), rules, days: [60, 60, count, 60].map(counted) });
    expect(states(result)).toEqual(["ANALYZED", "ANALYZED", "DATA_PROBLEM", "ANALYZED"]);
    expect(result.documents[2]?.problem).toContain("positions");
    expect(result.news).toEqual([]);
    expect(result.series.find(({ measurement }) => measurement === "total")?.points).toHaveLength(3);
  });

  test.each([
    ["fewer", 25, "35 gone"],
    ["none", 0, "60 gone"],
  ])("%s, and as few again: told once", async (_, count, said) => {
    const result = await replayed({ map: map(), days: [60, 60, count, count, count].map(counted) });
    expect(titles(result)).toEqual([`Acme: positions ${said}`]);
  });

  test("a few that go are told at once", async () => {
    const result = await replayed({ map: map(), days: [5, 5, 4].map(counted) });
    expect(titles(result)).toEqual(["Acme: positions 1 gone"]);
  });

  test("what the map calls complete is told at once", async () => {
    const result = await replayed({ map: map({ complete: true }), days: [60, 60, 25].map(counted) });
    expect(titles(result)).toEqual(["Acme: positions 35 gone"]);
  });
});

test.each([
  ["null", null],
  ["a list of null", [null]],
  ["a text", "none"],
  ["a number", 0],
])("%s where a list was says nothing of its items", async (_, positions) => {
  const full = counted(5);
  const result = await replayed({
    map: map(),
    days: [full, { positions, total: 5 }, { positions, total: 5 }, full],
  });
  expect(states(result)).toEqual(Array(4).fill("ANALYZED"));
  expect(result.news).toEqual([]);
});

describe("What leaves a window is not gone", () => {
  const moving = (more = {}) =>
    replayed({
      map: map(more),
      days: [0, 2, 3].map((first) => ({ positions: positions(12, first), total: 12 })),
    });

  test("declared by the map", async () => {
    expect(titles(await moving({ Window: true }))).toEqual([
      "Acme: positions 2 new",
      "Acme: positions 1 new",
    ]);
  });

  test("recognized by its length and its ends", async () => {
    expect(titles(await moving())).toEqual(["Acme: positions 2 new", "Acme: positions 1 new"]);
  });

  test("an item that is replaced in the middle is gone", async () => {
    const replacedItem = positions(12).with(5, { id: 7, title: "Designer", salary: 1 });
    const result = await replayed({
      map: map(),
      days: [counted(12), { positions: replacedItem, total: 12 }],
    });
    expect(titles(result)).toEqual(["Acme: positions 1 new, 1 gone"]);
  });
});
