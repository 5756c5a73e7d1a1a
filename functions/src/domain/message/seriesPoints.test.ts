import { beforeEach, expect, jest, test } from "@jest/globals";
import { logger } from "firebase-functions/logger";
import { z } from "zod";
import { analyze, may, observedCompany, type ShortValue } from "../../../test/analyzing.ts";
import { emptyTables } from "../../../test/emptyTables.ts";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";
import { selectRow } from "../../platform/postgres.ts";
import { newestPoints } from "./seriesPoints.ts";

const db = openTestDatabase();
beforeEach(() => emptyTables(db));

/** A company whose documents are analyzed as they come. */
async function starredCompany() {
  const company = await observedCompany(db, { "github url": ["link"], stars: ["int"], forks: ["int"] });
  const starsOf = (url: string, stars: number): ShortValue[] => [
    ["github url", url],
    ["stars", stars],
    ["forks", stars],
  ];
  return async (day: number, stars: number, { url = "https://github.com/a", task = day } = {}) =>
    analyze(db, await company.observe(may(day), starsOf(url, stars), { taskId: task }));
}

const seriesRow = z.object({ id: z.int() });

const SERIES = `
  select company_measurement_id as id from company_source_measurement
    join source_measurement measurement on measurement.id = source_measurement_id
   where measurement_name = 'stars'`;

/** The stars up to a day. */
async function pointsUntil(day: number, most = 10) {
  const row = await selectRow(db, seriesRow, SERIES);
  const series = { companyMeasurementId: row?.id ?? 0, itemKey: "", until: may(day) };
  const [points = []] = await newestPoints(db, [series], most);
  return points.map(({ at, value }) => [at.getUTCDate(), value]);
}

test("the newest points up to a time, the oldest first, from all tables of numbers", async () => {
  const observe = await starredCompany();
  for (const [day, stars] of [
    [1, 10],
    [2, 3_000_000_000],
    [3, 30],
    [4, 40],
  ] as const)
    await observe(day, stars);
  expect(await pointsUntil(3)).toEqual([
    [1, 10],
    [2, 3_000_000_000],
    [3, 30],
  ]);
  expect(await pointsUntil(31, 2)).toEqual([
    [3, 30],
    [4, 40],
  ]);
  expect(await newestPoints(db, [], 10)).toEqual([]);
});

test("values that were a data problem are none", async () => {
  const warned = jest.spyOn(logger, "warn").mockImplementation(() => undefined);
  const observe = await starredCompany();
  await observe(1, 10);
  await observe(2, 20);
  await observe(3, 0);
  expect(await pointsUntil(31)).toEqual([
    [1, 10],
    [2, 20],
  ]);
  expect(warned).toHaveBeenCalledTimes(1);
  warned.mockRestore();
});

test("values of another handle of the company are none", async () => {
  const observe = await starredCompany();
  for (const day of [1, 3, 5]) {
    await observe(day, day, { task: day });
    await observe(day + 1, 1000 * day, { url: "https://github.com/b", task: day });
  }
  expect(await pointsUntil(6)).toEqual([
    [2, 1000],
    [4, 3000],
    [6, 5000],
  ]);
  expect(await pointsUntil(5)).toEqual([
    [1, 1],
    [3, 3],
    [5, 5],
  ]);
});

test("of two handles with values of the same time, those of the one whose value it is", async () => {
  const company = await observedCompany(db, { "github url": ["link"], stars: ["int"] });
  for (const [url, times] of [
    ["https://github.com/a", 1],
    ["https://github.com/b", 1000],
  ] as const) {
    for (const day of [1, 2]) {
      const values: ShortValue[] = [
        ["github url", url],
        ["stars", day * times],
      ];
      await analyze(db, await company.observe(may(day), values, { taskId: day }));
    }
  }
  const row = await selectRow(db, seriesRow, SERIES);
  const series = { companyMeasurementId: row?.id ?? 0, itemKey: "", until: may(2) };
  const values = async (handleValue: number) =>
    (await newestPoints(db, [{ ...series, handleValue }], 10)).flat().map(({ value }) => value);
  expect(await values(2)).toEqual([1, 2]);
  expect(await values(2000)).toEqual([1000, 2000]);
});

test("what was before a time is of the handle that it is asked for", async () => {
  const observe = await starredCompany();
  await observe(1, 1, { task: 1 });
  await observe(2, 1000, { url: "https://github.com/b", task: 1 });
  await observe(3, 3, { task: 2 });
  const row = await selectRow(db, seriesRow, SERIES);
  const before = { companyMeasurementId: row?.id ?? 0, itemKey: "", until: may(2), handleAt: may(3) };
  expect(await newestPoints(db, [before], 1)).toEqual([[{ at: may(1), value: 1 }]]);
});
