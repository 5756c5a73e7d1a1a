import { beforeEach, describe, expect, jest, test } from "@jest/globals";
import { logger } from "firebase-functions/logger";
import { analyze, may, newsOf, observedCompany, type RuleRow } from "../../../test/analyzing.ts";
import { emptyTables } from "../../../test/emptyTables.ts";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";
import { percentChange } from "./rules.ts";

const db = openTestDatabase();
const warned = jest.spyOn(logger, "warn").mockImplementation(() => undefined);
beforeEach(() => {
  warned.mockClear();
});
beforeEach(() => emptyTables(db));

/** What a rule says of the last of some values, which came in the given order of days. */
async function say(
  rule: RuleRow,
  values: readonly (readonly [day: number, value: number])[],
  type = "float",
) {
  const company = await observedCompany(db, { stars: [type] });
  await company.rule("stars", rule);
  const newest = values.toSorted((a, b) => b[0] - a[0])[0]?.[0];
  const documents = new Map<number, string>();
  for (const [day, value] of values) documents.set(day, await company.observe(may(day), [["stars", value]]));
  // All documents but the last are analyzed on the way.
  await analyze(db, documents.get(newest ?? 0) ?? "");
  const news = await newsOf(db);
  return news.find(
    ({ timestamp, facts }) => timestamp.getTime() === may(newest ?? 0).getTime() && facts.kind === "rule",
  )?.triggerFactor;
}

const days = (...values: number[]) => values.map((value, index) => [index + 1, value] as const);
const shuffled = (...values: number[]) =>
  days(...values).toSorted((a, b) => (a[0] % 2) - (b[0] % 2) || b[0] - a[0]);

describe.each([
  // method, entries, threshold, values (the last is judged), what is told
  ["a rise against the last value", null, null, 10, [100, 138], "+38%"],
  ["a fall counts both ways", null, null, 10, [100, 96, 80], "−17%"],
  ["exactly at the threshold", null, null, 10, [1, 1.1], "+10%"],
  ["just below the threshold", null, null, 10, [1000, 1099], undefined],
  ["a first value", null, null, 10, [100], undefined],
  ["from zero", null, null, 10, [0, 7], "0 → 7"],
  ["zero again", null, null, 10, [0, 0], undefined],
  ["to zero", null, null, 10, [7, 0], "−100%"],
  ["a rise of a negative number", null, null, 10, [-10, -5], "+50%"],
  ["a fall of a negative number", null, null, 10, [-10, -15], "−50%"],
  ["across zero", null, null, 10, [-10, 10], "+200%"],
  ["the average of the last two", "AVG", 2, 10, [1000, 10, 20, 30], "+100%"],
  ["the average of all", "AVG", null, 10, [10, 20, 30, 40], "+100%"],
  ["fewer than N", "AVG", 10, 10, [10, 20, 30], "+100%"],
  ["a value that did not move", "AVG", 10, 10, [10, 10, 30, 30], undefined],
  ["the maximum", "MAX", 3, 10, [1000, 50, 60, 40, 90], "+50%"],
  ["below the maximum", "MAX", null, 10, [100, 50, 60], "−40%"],
  ["the minimum", "MIN", 3, 10, [1, 50, 60, 40, 30], "−25%"],
  ["the sum of the last two", "SUM", 2, 10, [1000, 10, 20, 60], "+100%"],
  ["the sum of all", "SUM", null, 10, [10, 20, 30, 120], "+100%"],
  ["below the sum", "SUM", null, 10, [100, 100, 101], undefined],
  ["the number of values", "COUNT", null, 10, [1, 1, 1, 6], "+100%"],
  ["below the number of values", "COUNT", null, 10, [3, 2, 1], undefined],
  ["the number of the last N", "COUNT", 2, 10, [1, 1, 1, 6], "+200%"],
  ["an unknown method is the last value", "MODE", 5, 10, [1, 1, 100, 150], "+50%"],
  ["a method of no name", "  ", 3, 10, [1, 1, 100, 150], "+50%"],
  ["a method by its other name", "Mean", 2, 10, [1000, 10, 20, 30], "+100%"],
  ["a method in lower case", " avg ", 2, 10, [1000, 10, 20, 30], "+100%"],
  ["zero entries mean all", "AVG", 0, 10, [10, 20, 30, 40], "+100%"],
  ["a threshold of zero tells of every change", null, null, 0, [1000, 1001], "+0.1%"],
] as const)("%s", (_, method, entries, threshold, values, told) => {
  test("in order", async () => {
    expect(await say({ method, entries, threshold }, days(...values))).toBe(told);
  });
  test("out of order", async () => {
    expect(await say({ method, entries, threshold }, shuffled(...values))).toBe(told);
  });
});

test("a number that outgrows its table is one series with those before", async () => {
  expect(await say({ threshold: 10 }, days(2_000_000_000, 3_000_000_000), "int")).toBe("+50%");
});

test("several rules of a measurement that agree are one news item, of the one that asks most", async () => {
  const company = await observedCompany(db, { stars: ["int"] });
  await company.rule("stars", { threshold: 10, name: "small" });
  await company.rule("stars", { threshold: 20, name: "large" });
  await company.rule("stars", { threshold: 60, name: "huge" });
  await company.observe(may(1), [["stars", 1000]]);
  await analyze(db, await company.observe(may(2), [["stars", 1380]]));
  expect(await newsOf(db)).toMatchObject([
    { facts: { ruleName: "large", why: expect.stringContaining("1 other rule agrees.") } },
  ]);
});

test("items are compared with themselves", async () => {
  const company = await observedCompany(db, {
    repositories: ["nested"],
    "repository name": ["text", "repositories"],
    "repository stars": ["int", "repositories"],
  });
  await company.rule("repository stars", { threshold: 10 });
  const values = (a: number, b: number) =>
    [
      ["repository name", "alpha", "1"],
      ["repository stars", a, "1"],
      ["repository name", "beta", "2"],
      ["repository stars", b, "2"],
    ] as const;
  await company.observe(may(1), values(100, 5000));
  await analyze(db, await company.observe(may(2), values(150, 5001)));
  expect(await newsOf(db)).toMatchObject([
    { title: "Personio: repository stars of alpha +50%", itemKey: "1" },
  ]);
});

test("a late value is compared with what was before it, and is news of its own time", async () => {
  const company = await observedCompany(db, { stars: ["int"] });
  await company.rule("stars", { threshold: 10 });
  await company.observe(may(1), [["stars", 1000]]);
  await analyze(db, await company.observe(may(9), [["stars", 1000]]));
  await analyze(db, await company.observe(may(5), [["stars", 2000]]));
  expect(await newsOf(db)).toMatchObject([{ triggerFactor: "+100%", timestamp: may(5) }]);
});

test("a second value of the same time is compared with what was before both", async () => {
  const company = await observedCompany(db, { stars: ["int"] });
  await company.rule("stars", { threshold: 10 });
  await company.observe(may(1), [["stars", 1000]]);
  await analyze(db, await company.observe(may(2), [["stars", 2000]]));
  await analyze(db, await company.observe(may(2), [["stars", 2000]]));
  expect(await newsOf(db)).toMatchObject([{ triggerFactor: "+100%" }]);
});

test("the message of a rule is in the text, and the rule on a doubled measurement counts", async () => {
  const company = await observedCompany(db, { stars: ["int"] });
  await db.query(
    `with twin as (
       insert into source_measurement (source_module_id, type, measurement_name, modified_at)
       values ($1, 'int', 'stars', now()) returning id)
     insert into notification_rules (rule_name, source_measurement_id, threshold, notification_message, modified_at)
     select 'Stars', id, 10, 'Developers notice them', now() from twin`,
    [company.sourceId],
  );
  await company.observe(may(1), [["stars", 1023]]);
  await analyze(db, await company.observe(may(2), [["stars", 1412]]));
  expect(await newsOf(db)).toMatchObject([
    {
      title: "Personio: stars +38%",
      message:
        "Developers notice them. Personio's stars: 1,412, up from 1,023 (github, 2 May 2024). " +
        "That is 38% above the value before, 1,023.",
      triggerFactor: "+38%",
      severity: "low",
      facts: {
        why: "The rule “Stars” reports changes of 10% or more. It compared 1,412 with the value before, 1,023.",
      },
    },
  ]);
});

test("the percentage is of the reference's size", () => {
  expect(percentChange(-5, -10)).toBe(50);
  expect(percentChange(5, 0)).toBeNull();
  expect(percentChange(0, 0)).toBe(0);
  expect(percentChange(1e308, -1e-308)).toBeNull();
});

test("a method that is not known is reported once", async () => {
  const company = await observedCompany(db, { stars: ["int"] });
  await company.rule("stars", { threshold: 10, method: "MODE" });
  for (let day = 1; day <= 3; day += 1) await analyze(db, await company.observe(may(day), [["stars", day]]));
  expect(warned).toHaveBeenCalledTimes(1);
});
