import { beforeEach, describe, expect, test } from "@jest/globals";
import { analyze, may, newsOf, observedCompany } from "../../../test/analyzing.ts";
import { emptyTables } from "../../../test/emptyTables.ts";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";

const db = openTestDatabase();
beforeEach(() => emptyTables(db));

const DETECTING = { detector: { falseAlarmRate: 0.001 }, spacingMs: 0 };

describe("the detector", () => {
  // Daily visits with a weekday pattern, and ten times as many on 29 May.
  const visits = Array.from({ length: 31 }, (_, index) => 1000 + 10 * (index % 7) + ((index * 37) % 11));
  const unusual = visits.with(28, 6_000);

  async function observed(values: readonly number[]) {
    const company = await observedCompany(db, { visits: ["int"] });
    const ids: string[] = [];
    for (const [index, value] of values.entries()) {
      ids.push(await company.observe(may(index + 1), [["visits", value]]));
    }
    return { company, ids };
  }

  test("is silent about a series that goes on as it did", async () => {
    const { ids } = await observed(visits);
    await analyze(db, ids.at(-1) ?? "", { settings: DETECTING });
    expect(await newsOf(db)).toEqual([]);
  });

  test("tells what is unusual without a rule, with its reason", async () => {
    const { ids } = await observed(unusual);
    await analyze(db, ids.at(-1) ?? "", { settings: DETECTING });
    expect(await newsOf(db)).toMatchObject([
      {
        detector: "anomaly",
        timestamp: may(29),
        severity: "critical",
        title: expect.stringMatching(/^Personio: visits \+\d+%$/),
        message: expect.stringMatching(/6,000, up from 1,0\d\d .*6,000 against an expected/),
        facts: { kind: "anomaly", expected: { low: expect.any(Number), high: expect.any(Number) } },
      },
    ]);
  });

  test("finds the same where documents come out of order, one by one", async () => {
    const company = await observedCompany(db, { visits: ["int"] });
    const order = unusual.map((_, index) => index).toSorted((a, b) => ((a * 7) % 5) - ((b * 7) % 5));
    for (const index of order) {
      const id = await company.observe(may(index + 1), [["visits", unusual[index] ?? 0]]);
      await analyze(db, id, { settings: DETECTING });
    }
    expect((await newsOf(db)).map(({ timestamp }) => timestamp)).toContainEqual(may(29));
    const [found] = await states();
    await emptyTables(db);
    const { ids } = await observed(unusual);
    await analyze(db, ids.at(-1) ?? "", { settings: DETECTING });
    expect(found).toEqual((await states())[0]);
  });

  test("says nothing of a point that a rule tells of, and makes its news weigh more", async () => {
    const { company, ids } = await observed(unusual);
    await company.rule("visits", { threshold: 400 });
    await analyze(db, ids.at(28) ?? "", { settings: DETECTING });
    expect(await newsOf(db)).toMatchObject([
      {
        detector: expect.stringMatching(/^rule:/),
        severity: "critical",
        facts: { expected: expect.anything() },
      },
    ]);
  });

  async function states(): Promise<unknown[]> {
    return (await db.query("select state, last_observed_at from pipeline.detector_state")).rows;
  }
});

test("a series that flaps is told once per spacing, and its return once", async () => {
  const company = await observedCompany(db, { price: ["float"] });
  await company.rule("price", { threshold: 10 });
  const settings = { ...DETECTING, spacingMs: 10 * 86_400_000 };
  for (let day = 1; day <= 24; day += 1) {
    const id = await company.observe(may(day), [["price", day % 2 === 0 ? 200 : 100]]);
    await analyze(db, id, { settings });
  }
  expect((await newsOf(db)).map(({ timestamp }) => timestamp.getUTCDate())).toEqual([2, 3, 12, 13, 22, 23]);
});
