import { beforeEach, describe, expect, test } from "@jest/globals";
import { emptyTables } from "../../../test/emptyTables.ts";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";
import { insertCompany, insertSource } from "../../../test/rows.ts";
import { ensureMeasurement } from "../../domain/normalizationMap/measurements.ts";
import {
  changeMeasurement,
  deleteMeasurement,
  findMeasurement,
  listMeasurements,
} from "./measurementRows.ts";

const db = openTestDatabase();
const now = new Date("2024-05-15T12:00:00Z");
const later = new Date("2024-05-16T12:00:00Z");

let sourceId: number;
let otherSource: number;
beforeEach(async () => {
  await emptyTables(db);
  [sourceId, otherSource] = [await insertSource(db), await insertSource(db)];
});

const make = async (
  name: string,
  {
    source = sourceId,
    parentId = null,
    type = "int",
  }: {
    source?: number;
    parentId?: number | null;
    type?: string;
  } = {},
) => (await ensureMeasurement(db, { sourceId: source, parentId, name, type }, now)).id;

test("a page is the source's own measurements, the oldest first", async () => {
  await make("not mine", { source: otherSource });
  for (const name of ["a", "b", "c", "d", "e"]) await make(name);
  const page = async (number: number) => {
    const { total, measurements } = await listMeasurements(db, sourceId, { number, size: 2 });
    return [total, measurements.map((measurement) => measurement.measurementName)];
  };
  expect([await page(1), await page(3), await page(4)]).toEqual([
    [5, ["a", "b"]],
    [5, ["e"]],
    [5, []],
  ]);
});

test("a measurement is found by its own source only", async () => {
  const id = await make("stars");
  expect(await findMeasurement(db, sourceId, id)).toEqual({
    id,
    type: "int",
    measurementName: "stars",
    sourceModuleId: sourceId,
    parentMeasurementId: null,
    createdAt: now,
    modifiedAt: now,
  });
  await expect(findMeasurement(db, otherSource, id)).rejects.toMatchObject({ status: 403 });
  await expect(findMeasurement(db, sourceId, id + 1)).rejects.toMatchObject({ status: 404 });
  await expect(findMeasurement(db, sourceId, 9_999_999_999)).rejects.toMatchObject({ status: 404 });
});

const WAITING = `
  select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;

describe("a change", () => {
  const change = (id: number, fields: Parameters<typeof changeMeasurement>[1]["change"], source = sourceId) =>
    changeMeasurement(db, { sourceId: source, id, change: fields, now: later });

  test("keeps what it does not name", async () => {
    const parentId = await make("repositories", { type: "nested" });
    const id = await make("stars", { parentId });
    const kept = { id, type: "int", parentMeasurementId: parentId, createdAt: now, modifiedAt: later };
    expect(await change(id, { measurementName: "forks" })).toMatchObject({
      ...kept,
      measurementName: "forks",
    });
    expect(await change(id, { type: "float", parentMeasurementId: null })).toMatchObject({
      measurementName: "forks",
      type: "float",
      parentMeasurementId: null,
    });
  });

  test("to what another one is, is a conflict", async () => {
    await make("stars");
    const id = await make("forks");
    await expect(change(id, { measurementName: "stars" })).rejects.toMatchObject({ status: 409 });
    expect(await findMeasurement(db, sourceId, id)).toMatchObject({ measurementName: "forks" });
  });

  test("takes no parent of another source, none that is not there, and none below itself", async () => {
    const top = await make("top", { type: "nested" });
    const below = await make("below", { type: "nested", parentId: top });
    const bottom = await make("bottom", { type: "nested", parentId: below });
    const foreign = await make("foreign", { source: otherSource });
    for (const parentMeasurementId of [foreign, 2_000_000_000, top, below, bottom]) {
      await expect(change(top, { parentMeasurementId })).rejects.toMatchObject({ status: 422 });
    }
  });

  test("two changes at once make no circle", async () => {
    const [a, b] = [await make("a", { type: "nested" }), await make("b", { type: "nested" })];
    const changes = await db.transaction(async (connection) => {
      // Lets both look at the tree as it is, and neither change it yet.
      await connection.query("lock table source_measurement in share mode");
      const started = Promise.allSettled([
        change(a, { parentMeasurementId: b }),
        change(b, { parentMeasurementId: a }),
      ]);
      while ((await db.query(WAITING)).rowCount !== 2);
      return { started };
    });
    const results = (await changes.started).map(({ status }) => status);
    expect(results.filter((status) => status === "fulfilled")).toHaveLength(1);
  });

  test("of another source's measurement is refused", async () => {
    const id = await make("stars");
    await expect(change(id, { type: "text" }, otherSource)).rejects.toMatchObject({ status: 403 });
  });
});

describe("a deletion", () => {
  test("takes what is below along", async () => {
    const parentId = await make("repositories", { type: "nested" });
    const id = await make("stars", { parentId });
    await deleteMeasurement(db, sourceId, parentId);
    await expect(findMeasurement(db, sourceId, id)).rejects.toMatchObject({ status: 404 });
  });

  test("of what there are news about is a conflict", async () => {
    const parentId = await make("repositories", { type: "nested" });
    const id = await make("stars", { parentId });
    const company = await insertCompany(db, "A");
    await db.query(
      `insert into news (message, company_id, data_source_id, source_measurement_id, "timestamp", modified_at)
       values ('up', $1, $2, $3, now(), now())`,
      [company, sourceId, id],
    );
    await expect(deleteMeasurement(db, sourceId, id)).rejects.toMatchObject({ status: 409 });
    await expect(deleteMeasurement(db, sourceId, parentId)).rejects.toMatchObject({ status: 409 });
    expect(await findMeasurement(db, sourceId, id)).toMatchObject({ id });
  });

  test("of another source's measurement is refused", async () => {
    const id = await make("stars");
    await expect(deleteMeasurement(db, otherSource, id)).rejects.toMatchObject({ status: 403 });
    expect(await findMeasurement(db, sourceId, id)).toMatchObject({ id });
  });
});
