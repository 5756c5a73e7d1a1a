import { beforeEach, expect, test } from "@jest/globals";
import { NOW, observedCompany } from "../../../test/analyzing.ts";
import { emptyTables } from "../../../test/emptyTables.ts";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";
import { seedRules } from "./seedRules.ts";

const db = openTestDatabase();
beforeEach(() => emptyTables(db));

const rules = async () =>
  (
    await db.query(
      "select rule_name, threshold, aggregation_method from notification_rules order by rule_name",
    )
  ).rows;

test("makes the rules of the measurements that are there, once", async () => {
  // Names are compared without regard to case, as modules and people write them differently.
  await observedCompany(db, { "Total repository STARS": ["int"], other: ["int"] }, { sourceName: "GitHub" });
  await observedCompany(db, { "total repository stars": ["int"] }, { sourceName: "github staging" });
  expect(await seedRules(db, NOW)).toEqual({ created: 1, existing: 0 });
  expect(await seedRules(db, NOW)).toEqual({ created: 0, existing: 1 });
  expect(await rules()).toEqual([
    { rule_name: "total repository stars", threshold: 10, aggregation_method: "AVG" },
  ]);
});

test("made at once they are made once", async () => {
  await observedCompany(db, { "total repository stars": ["int"], "repository size": ["int"] });
  await Promise.all([seedRules(db, NOW), seedRules(db, NOW), seedRules(db, NOW)]);
  expect(await rules()).toHaveLength(2);
});

test("a rule that somebody has changed stays, also on a measurement's double", async () => {
  const company = await observedCompany(db, { "total repository stars": ["int"] });
  await seedRules(db, NOW);
  await db.query(
    `with twin as (
       insert into source_measurement (source_module_id, type, measurement_name, modified_at)
       values ($1, 'int', 'total repository stars', now()) returning id)
     update notification_rules set threshold = 99, source_measurement_id = twin.id from twin`,
    [company.sourceId],
  );
  expect(await seedRules(db, NOW)).toEqual({ created: 0, existing: 1 });
  expect(await rules()).toMatchObject([{ threshold: 99 }]);
});
