import { beforeEach, describe, expect, test } from "@jest/globals";
import { analyze, may, newsOf, observedCompany, type ShortValue } from "../../../test/analyzing.ts";
import { emptyTables } from "../../../test/emptyTables.ts";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";

const db = openTestDatabase();
beforeEach(() => emptyTables(db));

/** The news of a value that was one thing on 1 May and is another on 2 May. */
async function change(type: string, before: ShortValue[1], after: ShortValue[1], name = "a value") {
  const company = await observedCompany(db, { [name]: [type], "company name": ["text"] });
  await company.observe(may(1), [
    [name, before],
    ["company name", "Personio"],
  ]);
  const now = [
    [name, after],
    ["company name", "Personio"],
  ] as const;
  await analyze(db, await company.observe(may(2), now));
  return newsOf(db);
}

describe("a value of the company", () => {
  test.each([
    ["text", "HR software", "HR platform", "HR software → HR platform", "low"],
    ["paragraph", "One.", "Two.", "One. → Two.", "low"],
    ["link", "https://a.io", "https://b.io", "https://a.io → https://b.io", "low"],
    ["image", "https://a.com/1.png", "https://a.com/2.png", "changed", "low"],
    ["bool", true, false, "yes → no", "medium"],
    ["date", new Date("2024-01-01"), new Date("2024-02-01"), "2024-01-01 → 2024-02-01", "low"],
    ["text", '["a","b"]', '["a","c"]', "a, b → a, c", "low"],
  ])("of type %s that changes is told", async (type, before, after, factor, severity) => {
    expect(await change(type, before, after)).toMatchObject([
      { detector: "change", triggerFactor: factor, severity, facts: { kind: "change" } },
    ]);
  });

  test.each([
    ["text", "HR  software ", "HR software", "a value"],
    ["text", '["a","b"]', '["b","a"]', "a value"],
    ["link", "http://www.a.com/logo?e=1&t=x", "https://a.com/logo/?e=2&t=y", "a value"],
    ["image", "https://a.com/1.png?sig=1", "https://a.com/1.png?sig=2", "a value"],
    ["date", new Date("2024-01-01"), new Date("2024-03-01"), "repository last pushed date"],
    ["date", may(1), may(2), "day"],
    ["comment", "Good", "Bad", "a value"],
  ])("of type %s that changes by itself is silent: %s, %s", async (type, before, after, name) => {
    expect(await change(type, before, after, name)).toEqual([]);
  });

  test("says what was compared", async () => {
    expect(await change("text", "HR software", "HR platform")).toMatchObject([
      { facts: { why: "The value was “HR software” in the observation before, and is “HR platform” now." } },
    ]);
  });

  test("that flaps is told once each way", async () => {
    const company = await observedCompany(db, { name: ["text"] });
    for (const [index, value] of ["a", "b", "a", "b", "a", "b"].entries()) {
      const settings = { detector: { falseAlarmRate: 0.001 }, spacingMs: 7 * 86_400_000 };
      await analyze(db, await company.observe(may(index + 1), [["name", value]]), { settings });
    }
    expect((await newsOf(db)).map((news) => news.triggerFactor)).toEqual(["a → b", "b → a"]);
  });
});

describe("a list", () => {
  const repositories = {
    repositories: ["nested"],
    "repository name": ["text", "repositories"],
    "repository stars": ["int", "repositories"],
    "repository homepage url": ["link", "repositories"],
  } as const;
  const repository = (name: string, homepage = "https://a.com"): ShortValue[] => [
    ["repository name", name, `https://github.com/TestOrg/${name}`],
    ["repository stars", 1, `https://github.com/TestOrg/${name}`],
    ["repository homepage url", homepage, `https://github.com/TestOrg/${name}`],
  ];

  test("tells in one news what is new in it and what is gone", async () => {
    const company = await observedCompany(db, repositories);
    await company.observe(
      may(1),
      ["a", "b", "c"].flatMap((name) => repository(name)),
    );
    await analyze(
      db,
      await company.observe(
        may(2),
        ["a", "b", "d", "e"].flatMap((name) => repository(name)),
      ),
    );
    expect(await newsOf(db)).toMatchObject([
      {
        title: "Personio: repositories 2 new, 1 gone",
        message: "Personio's repositories (github, 2 May 2024): 2 new (d, e); 1 gone (c).",
        severity: "low",
        facts: { kind: "items", addedCount: 2, removedCount: 1 },
      },
    ]);
  });

  test("tells changes of its items in one news for each measurement", async () => {
    const company = await observedCompany(db, repositories);
    const names = ["a", "b", "c", "d", "e", "f", "g"];
    await company.observe(
      may(1),
      [...names, "z"].flatMap((name) => repository(name)),
    );
    const now = [...names.flatMap((name) => repository(name, "https://b.com")), ...repository("z")];
    await analyze(db, await company.observe(may(2), now));
    expect(await newsOf(db)).toMatchObject([
      {
        title: "Personio: repository homepage url 7 changed",
        message:
          "Personio's repository homepage url (github, 2 May 2024): 7 changed (a, b, c, d, e and 2 more).",
      },
    ]);
  });

  test("does not call new what was there before, nor gone what a second handle has instead", async () => {
    const company = await observedCompany(db, repositories);
    await company.observe(
      may(1),
      ["a", "b", "c"].flatMap((name) => repository(name)),
    );
    await company.observe(
      may(2),
      ["x", "y", "z"].flatMap((name) => repository(name)),
    );
    await company.observe(
      may(3),
      ["a", "b", "c"].flatMap((name) => repository(name)),
    );
    await analyze(
      db,
      await company.observe(
        may(4),
        ["a", "b"].flatMap((name) => repository(name)),
      ),
    );
    expect((await newsOf(db)).map(({ message }) => message)).toEqual([
      "Personio's repositories (github, 4 May 2024): 1 gone (c).",
    ]);
  });

  test("of comments tells new ones, and not that some are gone", async () => {
    const company = await observedCompany(
      db,
      { reviews: ["nested"], "review text": ["comment", "reviews"], followers: ["int"] },
      { sourceName: "producthunt" },
    );
    const reviews = (...texts: string[]) =>
      texts.map((text) => ["review text", text, `${text} fingerprint`] as const);
    await company.observe(may(1), [["followers", 10], ...reviews("one", "two", "three")]);
    await analyze(db, await company.observe(may(2), [["followers", 10], ...reviews("two", "three", "four")]));
    expect(await newsOf(db)).toMatchObject([{ title: "Personio: reviews 1 new" }]);
  });
});

test("the first values of a company, and of a new field, are silent", async () => {
  const company = await observedCompany(db, { name: ["text"], tagline: ["text"], stars: ["int"] });
  await company.rule("stars", { threshold: 1 });
  await analyze(
    db,
    await company.observe(may(1), [
      ["name", "Personio"],
      ["stars", 5],
    ]),
  );
  await analyze(
    db,
    await company.observe(may(2), [
      ["name", "Personio"],
      ["stars", 5],
      ["tagline", "New here"],
    ]),
  );
  expect(await newsOf(db)).toEqual([]);
});
