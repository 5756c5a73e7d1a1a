import { describe, expect, test } from "@jest/globals";
import { mapOf } from "../../../test/shortMap.ts";
import type { RawValue } from "../rawDocument/losslessJson.ts";
import { type Extraction, extractValues } from "./extractValues.ts";

function points({ values }: Extraction) {
  return values.map(({ measurementId, itemKey, path, stored }) => [
    measurementId,
    itemKey,
    path,
    stored.value,
  ]);
}

const github = mapOf(
  ["name", "text", 1],
  [
    "repos",
    "nested",
    2,
    [
      ["name", "text", 3],
      ["stars", "int", 4],
    ],
  ],
  ["stars", "int", 5],
);

test("the same name on several levels is never confused", () => {
  const extraction = extractValues(github, {
    stars: 30,
    repos: [
      { name: "one", stars: 10 },
      { stars: 20, name: "two" },
    ],
    name: "org",
  });
  expect(points(extraction)).toEqual([
    [5, "", "stars", 30],
    [3, "one", "repos[0].name", "one"],
    [4, "one", "repos[0].stars", 10],
    [4, "two", "repos[1].stars", 20],
    [3, "two", "repos[1].name", "two"],
    [1, "", "name", "org"],
  ]);
  expect(extraction.issues).toEqual([]);
  expect(new Set(extraction.measurementIds)).toEqual(new Set([1, 2, 3, 4, 5]));
});

describe("nested", () => {
  const map = mapOf([
    "searches",
    "nested",
    1,
    [
      ["title", "text", 2],
      [
        "posts",
        "nested",
        3,
        [
          ["id", "text", 4],
          ["comments", "nested", 5, [["score", "int", 6]]],
        ],
      ],
    ],
  ]);

  test("lists in lists have keys in keys", () => {
    const extraction = extractValues(map, {
      searches: [
        { title: "all", posts: [{ id: "p1", comments: [{ score: 1 }, { score: 2 }] }] },
        { title: "new", posts: [{ id: "p1", comments: [{ score: 3 }] }] },
      ],
    });
    expect(points(extraction).filter(([id]) => id === 6)).toEqual([
      [6, "all/p1/[0]", "searches[0].posts[0].comments[0].score", 1],
      [6, "all/p1/[1]", "searches[0].posts[0].comments[1].score", 2],
      [6, "new/p1/[0]", "searches[1].posts[0].comments[0].score", 3],
    ]);
  });

  test("a single object is no item", () => {
    expect(points(extractValues(map, { searches: { title: "all", posts: [{ id: "p" }] } }))).toEqual([
      [2, "", "searches.title", "all"],
      [4, "p", "searches.posts[0].id", "p"],
    ]);
  });

  test.each<[string, RawValue, number[]]>([
    ["an empty list came", [], [1]],
    ["an empty object came", {}, [1]],
    ["null did not", null, []],
    ["elements that are null are passed over", [null, { title: "all" }], [1, 2]],
  ])("%s", (_what, searches, measurementIds) => {
    const extraction = extractValues(map, { searches });
    expect(extraction.measurementIds).toEqual(measurementIds);
    expect(extraction.issues).toEqual([]);
  });

  test("what is no list or object is an issue, and so is an element that is no object", () => {
    expect(extractValues(map, { searches: "all" }).issues).toEqual([
      { path: "searches", expected: "a list or an object", received: '"all"' },
    ]);
    expect(extractValues(map, { searches: ["all", [{ title: "x" }], { title: "y" }] })).toMatchObject({
      issues: [
        { path: "searches[0]", expected: "an object", received: '"all"' },
        { path: "searches[1]", expected: "an object", received: "a list of 1" },
      ],
      values: [{ path: "searches[2].title" }],
    });
  });
});

test("an issue says where, what was expected and what came, and stops nothing", () => {
  const extraction = extractValues(github, {
    name: { first: "a", "b\0": 1, c: 2, d: 3, e: 4, f: 5, g: 6 },
    repos: [{ name: "one" }, { name: "two", stars: 4.8 }, { name: "three", stars: `x${"y".repeat(500)}` }],
    stars: 1,
  });
  expect(extraction.issues).toEqual([
    {
      path: "name",
      expected: "text",
      received: 'an object with "first", "b\\u0000", "c", "d", "e" and 2 more',
    },
    { path: "repos[1].stars", expected: "an integer", received: "4.8" },
    {
      path: "repos[2].stars",
      expected: "an integer",
      received: expect.stringMatching(/^"xyy.*… \(501 characters\)$/),
    },
  ]);
  expect(extraction.issues.every(({ received }) => received.length < 250)).toBe(true);
  expect(points(extraction).map(([, , path]) => path)).toEqual([
    "repos[0].name",
    "repos[1].name",
    "repos[2].name",
    "stars",
  ]);
});

test("the fields that came, and those that did not", () => {
  const { fields } = extractValues(github, {
    name: null,
    repos: [
      { stars: 1, forks: 2 },
      { forks: 3, license: { name: "MIT" } },
    ],
    "affiliated profiles": [],
    "a.b": 1,
  });
  expect(fields).toEqual([
    { path: "name", isMapped: true, isSeen: true },
    { path: "repos", isMapped: true, isSeen: true },
    { path: "repos.name", isMapped: true, isSeen: false },
    { path: "repos.stars", isMapped: true, isSeen: true },
    { path: "stars", isMapped: true, isSeen: false },
    { path: "repos.forks", isMapped: false, isSeen: true },
    { path: "repos.license", isMapped: false, isSeen: true },
    { path: "affiliated profiles", isMapped: false, isSeen: true },
    { path: '["a.b"]', isMapped: false, isSeen: true },
  ]);
});

test("ids as field names do not flood the findings", () => {
  const rawData = Object.fromEntries(Array.from({ length: 5000 }, (_, id) => [`id${id}`, id]));
  expect(extractValues(github, rawData).fields.filter(({ isMapped }) => !isMapped)).toHaveLength(100);
});

test("fields that are called as what every object has", () => {
  const map = mapOf(["constructor", "text", 1], ["__proto__", "int", 2], ["toString", "int", 3]);
  expect(points(extractValues(map, {}))).toEqual([]);
  expect(points(extractValues(map, JSON.parse('{"__proto__": 5, "constructor": "x"}')))).toEqual([
    [2, "", "__proto__", 5],
    [1, "", "constructor", "x"],
  ]);
});

test("two fields of one measurement are kept apart", () => {
  const map = mapOf(["a", "int", 1], ["b", "int", 1], ["list", "nested", 2, [["n", "int", 1]]]);
  const extraction = extractValues(map, { a: 1, b: 2, list: [{ id: "x", n: 3 }] });
  expect(points(extraction)).toEqual([
    [1, "", "a", 1],
    [1, "#2", "b", 2],
    [1, "x", "list[0].n", 3],
  ]);
});

test("a field of two measurements is both, and one issue where it fits neither", () => {
  const map = mapOf(["a", "int", 1], ["a", "text", 2], ["a", "int", 3]);
  expect(points(extractValues(map, { a: 5 }))).toEqual([
    [1, "", "a", 5],
    [2, "", "a", "5"],
    [3, "", "a", 5],
  ]);
  expect(extractValues(map, { a: "x" }).issues).toHaveLength(1);
});
