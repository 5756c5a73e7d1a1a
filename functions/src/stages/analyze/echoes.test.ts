import { beforeEach, describe, expect, test } from "@jest/globals";
import { analyze, may, newsOf, observedCompany, type ShortValue } from "../../../test/analyzing.ts";
import { emptyTables } from "../../../test/emptyTables.ts";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";

const db = openTestDatabase();
beforeEach(() => emptyTables(db));

const MEASUREMENTS = { repositories: ["nested"], name: ["text", "repositories"], stars: ["int"] } as const;

/** The answers of a day: their repositories and stars. */
function answer(stars: number, names: readonly string[] = ["core"]): ShortValue[] {
  return [["stars", stars], ...names.map((name): ShortValue => ["name", name, name])];
}

describe("a module that is registered under two names", () => {
  async function twice() {
    const first = await observedCompany(db, MEASUREMENTS, { sourceName: "github" });
    const second = await observedCompany(db, MEASUREMENTS, {
      sourceName: "GitHub mirror",
      companyId: first.companyId,
    });
    for (const source of [first, second]) await source.rule("stars", { threshold: 10 });
    return [first, second] as const;
  }

  test("tells what it finds once, some hours apart", async () => {
    const [first, second] = await twice();
    for (const [source, hours] of [
      [first, 0],
      [second, 5],
    ] as const) {
      const at = (day: number) => new Date(may(day).getTime() + hours * 3_600_000);
      await analyze(db, await source.observe(at(1), answer(100)));
      await analyze(db, await source.observe(at(2), answer(150, ["core", "new"])));
    }
    const news = (await newsOf(db)).map(({ title }) => title);
    expect(news).toHaveLength(2);
    expect(new Set(news)).toEqual(new Set(["Personio: repositories 1 new", "Personio: stars +50%"]));
  });

  test("tells what only one of them says", async () => {
    const [first, second] = await twice();
    for (const [source, stars] of [
      [first, 150],
      [second, 170],
    ] as const) {
      await analyze(db, await source.observe(may(1), answer(100)));
      await analyze(db, await source.observe(may(2), answer(stars)));
    }
    expect((await newsOf(db)).map(({ title }) => title)).toEqual([
      "Personio: stars +50%",
      "Personio: stars +70%",
    ]);
  });

  test("tells it once where both are analyzed at the same time", async () => {
    const [first, second] = await twice();
    for (const source of [first, second]) await analyze(db, await source.observe(may(1), answer(100)));
    const documents = [await first.observe(may(2), answer(150)), await second.observe(may(2), answer(150))];
    await Promise.all(documents.map((document) => analyze(db, document)));
    expect(await newsOf(db)).toHaveLength(1);
  });

  test("tells the same figures of another company", async () => {
    const first = await observedCompany(db, MEASUREMENTS);
    const other = await observedCompany(db, MEASUREMENTS, { sourceName: "gitlab", companyName: "Alan" });
    for (const source of [first, other]) {
      await source.rule("stars", { threshold: 10 });
      await analyze(db, await source.observe(may(1), answer(100)));
      await analyze(db, await source.observe(may(2), answer(150)));
    }
    expect(await newsOf(db)).toHaveLength(2);
  });
});
