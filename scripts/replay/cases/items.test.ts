import { describe, expect, test } from "@jest/globals";
import { field, list, replayed, titles } from "./replayCase.ts";

const map = [
  list("releases", [
    field("id", "text"),
    field("title", "text"),
    field("link", "link"),
    field("date", "date"),
    field("price", "float"),
  ]),
];
const release = (number: number, changed: object = {}) => ({
  id: `r${number}`,
  title: `Release ${number}`,
  link: `http://blog.example/r/${number}`,
  date: `2026-01-${String(number + 1).padStart(2, "0")}`,
  price: 10 + number,
  ...changed,
});
const releases = (change: (number: number) => object = () => ({}), count = 9) => ({
  releases: Array.from({ length: count }, (_, number) => release(number, change(number))),
});

describe("An item is the same for a reader, whatever its key", () => {
  test.each([
    ["other ids", (number: number) => ({ id: `sha256:${number}abcdef0123456789` })],
    [
      "other ids, tracked links",
      (n: number) => ({ id: `x${n}`, link: `https://blog.example/r/${n}/?utm_source=x` }),
    ],
    ["another host", (n: number) => ({ id: `x${n}`, link: `https://news.example/posts/${n}` })],
    ["entities in titles", (n: number) => ({ id: `x${n}`, title: `Release&nbsp;${n}` })],
  ])("%s: silent", async (_, change) => {
    expect(titles(await replayed({ map, days: [releases(), releases(), releases(change)] }))).toEqual([]);
  });

  test("and one more is one new, by its title", async () => {
    const renewed = releases((number) => ({ id: `x${number}` }), 10);
    const { news } = await replayed({ map, days: [releases(), renewed] });
    expect(news.map(({ message }) => message)).toEqual([
      "Acme's releases (replay, 3 Mar 2026): 1 new (Release 9).",
    ]);
  });

  test("an id that is used for something else: new and gone, in one line", async () => {
    const another = {
      title: "We move to Oslo",
      link: "http://blog.example/oslo",
      date: "2026-03-01",
      price: 900,
    };
    const { news } = await replayed({
      map,
      rules: [{ measurement: "price", threshold: 10 }],
      days: [releases(), releases((number) => (number === 3 ? another : {}))],
    });
    expect(news.map(({ message }) => message)).toEqual([
      "Acme's releases (replay, 3 Mar 2026): 1 new (We move to Oslo); 1 gone (Release 3).",
    ]);
  });

  test("two items with one id: both are kept", async () => {
    const twice = {
      releases: [...releases().releases, release(20, { id: "dup" }), release(21, { id: "dup" })],
    };
    expect(titles(await replayed({ map, days: [releases(), twice, twice] }))).toEqual([
      "Acme: releases 2 new",
    ]);
  });
});

describe("Items without an id are known by their content", () => {
  const plans = [list("plans", [field("plan", "text"), field("amount")])];
  const rules = [{ measurement: "amount", threshold: 10 }];
  const priced = (...pairs: readonly [string, number][]) => ({
    plans: pairs.map(([plan, amount]) => ({ plan, amount })),
  });

  test("another order is no change, another price is one", async () => {
    const result = await replayed({
      map: plans,
      rules,
      days: [
        priced(["Free", 0], ["Pro", 200], ["Team", 500]),
        priced(["Team", 500], ["Free", 0], ["Pro", 200]),
        priced(["Pro", 300], ["Team", 500], ["Free", 0]),
      ],
    });
    expect(titles(result)).toEqual(["Acme: amount of Pro +50%"]);
  });
});

describe("One or many", () => {
  const acquired = [list("acquirees", [field("name", "text")]), field("industries", "text")];

  test("one object, a list, and one of a list: the same item throughout", async () => {
    const result = await replayed({
      map: acquired,
      days: [
        { acquirees: { name: "A" }, industries: "SaaS" },
        { acquirees: [{ name: "A" }, { name: "B" }], industries: ["SaaS", "AI"] },
        { acquirees: [{ name: "B" }, { name: "A" }], industries: ["AI", "SaaS"] },
        { acquirees: [{ name: "B" }, { name: "A" }], industries: "SaaS, AI" },
        { acquirees: null, industries: null },
      ],
    });
    expect(result.news.map(({ title }) => title).toSorted()).toEqual([
      "Acme: acquirees 1 new",
      "Acme: industries SaaS → SaaS, AI",
    ]);
  });
});

test("A decoded twin of a text is no change, and none is shown with its markup", async () => {
  const about = (text: string) => ({ about: text });
  const { news } = await replayed({
    map: [field("about", "paragraph")],
    days: [about("<p>Tools &amp; toys</p>"), about("Tools & toys"), about("<b>Tools</b> &amp; games")],
  });
  expect(news.map(({ message }) => message)).toEqual([
    "Acme's about changed from “Tools & toys” to “Tools & games” (replay, 4 Mar 2026).",
  ]);
});

test("A feed that turns over each day is told once within the spacing of its series, by its titles", async () => {
  const feed = (day: number) => ({
    releases: Array.from({ length: 6 }, (_, index) => release(day * 6 + index, { date: null })),
  });
  const { news } = await replayed({ map, days: [0, 1, 2, 3].map(feed) });
  expect(news.map(({ title }) => title)).toEqual(["Acme: releases 6 new"]);
  expect(news[0]?.message).toContain("Release 6, Release 7");
});
