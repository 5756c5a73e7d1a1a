import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";
import { insertSource } from "../../../test/rows.ts";
import { type Database, selectRows } from "../../platform/postgres.ts";
import { ensureMeasurement, ensureMeasurements } from "./measurements.ts";
import { type MeasuredMapping, type NormalizationMap, normalizationMap } from "./normalizationMap.ts";

const db = openTestDatabase();
const now = new Date("2024-05-01T10:00:00Z");
const later = new Date("2024-06-01T10:00:00Z");

function contractMap(name: string): NormalizationMap {
  const path = join(__dirname, `../../../test/fixtures/maps/${name}.json`);
  return normalizationMap.parse(JSON.parse(readFileSync(path, "utf8")));
}

const row = z.object({
  id: z.int(),
  parent: z.int().nullable(),
  name: z.string(),
  type: z.string(),
  isCanonical: z.boolean(),
  modifiedAt: z.date(),
});

function measurementsOf(sourceId: number) {
  return selectRows(
    db,
    row,
    `select id, parent_measurement_id as parent, measurement_name as name, type, is_canonical, modified_at
       from source_measurement where source_module_id = $1 order by id`,
    [sourceId],
  );
}

/** As an earlier backend or the web application writes it. */
async function insertMeasurement(sourceId: number, name: string, type: string, parent: number | null = null) {
  const [inserted] = await selectRows(
    db,
    z.object({ id: z.int() }),
    `insert into source_measurement (source_module_id, measurement_name, type, parent_measurement_id, modified_at)
     values ($1, $2, $3, $4, $5) returning id`,
    [sourceId, name, type, parent, now],
  );
  return inserted?.id ?? 0;
}

function flat(mappings: readonly MeasuredMapping[], parent: number | null = null): object[] {
  return mappings.flatMap(({ MeasurementName, DataType, source_measurement_id: id, NestedMappings }) => [
    { id, parent, name: MeasurementName, type: DataType },
    ...flat(NestedMappings ?? [], id),
  ]);
}

/** Counts statements that could write. */
function watched(inner: Database): Database & { writes: number } {
  const database = {
    writes: 0,
    query(text: string, values?: readonly unknown[]) {
      if (!/^\s*select/i.test(text)) database.writes += 1;
      return inner.query(text, values);
    },
  };
  return database;
}

test.each(["affinity", "discord", "github", "linkedin", "producthunt", "reddit"])(
  "makes the measurements of the %s map once",
  async (name) => {
    const sourceId = await insertSource(db, { name });
    const map = contractMap(name);
    const measured = await ensureMeasurements(db, sourceId, map, now);

    expect(normalizationMap.parse(measured)).toEqual(map);
    const rows = await measurementsOf(sourceId);
    const wanted = flat(measured.Mappings);
    expect(rows).toHaveLength(wanted.length);
    expect(rows).toEqual(
      expect.arrayContaining(wanted.map((one) => ({ ...one, isCanonical: true, modifiedAt: now }))),
    );

    const again = watched(db);
    expect(await ensureMeasurements(again, sourceId, map, later)).toEqual(measured);
    expect(again.writes).toBe(0);
    expect(await measurementsOf(sourceId)).toEqual(rows);
  },
);

test("eight at once make them once", async () => {
  const sourceId = await insertSource(db);
  const map = contractMap("reddit");
  const [first, ...others] = await Promise.all(
    Array.from({ length: 8 }, () => ensureMeasurements(db, sourceId, map, now)),
  );
  for (const other of others) expect(other).toEqual(first);
  expect(await measurementsOf(sourceId)).toHaveLength(flat(first?.Mappings ?? []).length);
});

test("the same map at two sources has two sets of measurements", async () => {
  const [one, two] = [await insertSource(db), await insertSource(db)];
  const first = await ensureMeasurements(db, one, contractMap("github"), now);
  const second = await ensureMeasurements(db, two, first, now);
  const ids = (mappings: readonly MeasuredMapping[]) =>
    flat(mappings).map((entry) => Reflect.get(entry, "id"));
  expect(ids(second.Mappings)).not.toEqual(expect.arrayContaining(ids(first.Mappings).slice(0, 1)));
  expect(await measurementsOf(two)).toHaveLength(ids(second.Mappings).length);
});

describe("rows of earlier backends", () => {
  const map = normalizationMap.parse({
    Source: "x",
    Mappings: [
      { SourceField: "n", DataType: "text", MeasurementName: "name" },
      {
        SourceField: "repos",
        DataType: "nested",
        MeasurementName: "repositories",
        NestedMappings: [{ SourceField: "stars", DataType: "int", MeasurementName: "stars" }],
      },
    ],
  });

  async function legacySource() {
    const sourceId = await insertSource(db);
    const ids: number[] = [];
    for (const _handshake of [1, 2, 3]) {
      ids.push(await insertMeasurement(sourceId, "name", "Text"));
      const parent = await insertMeasurement(sourceId, "repositories", "nested");
      ids.push(parent, await insertMeasurement(sourceId, "stars", "int", parent));
    }
    return { sourceId, ids };
  }

  test("are used, the oldest of each, and not doubled again", async () => {
    const { sourceId, ids } = await legacySource();
    const measured = await ensureMeasurements(db, sourceId, map, later);
    expect(flat(measured.Mappings).map((entry) => Reflect.get(entry, "id"))).toEqual(ids.slice(0, 3));
    const rows = await measurementsOf(sourceId);
    expect(rows.map(({ isCanonical }) => isCanonical)).toEqual([true, true, true, ...Array(6).fill(false)]);
    expect(rows.slice(0, 3).map(({ type, modifiedAt }) => [type, modifiedAt])).toEqual([
      ["text", later],
      ["nested", later],
      ["int", later],
    ]);
    expect(rows.slice(3).every(({ modifiedAt }) => modifiedAt.getTime() === now.getTime())).toBe(true);
  });

  test("are adopted once by eight at once", async () => {
    const { sourceId, ids } = await legacySource();
    const all = await Promise.all(
      Array.from({ length: 8 }, () => ensureMeasurements(db, sourceId, map, later)),
    );
    for (const measured of all) {
      expect(flat(measured.Mappings).map((entry) => Reflect.get(entry, "id"))).toEqual(ids.slice(0, 3));
    }
    expect((await measurementsOf(sourceId)).filter(({ isCanonical }) => isCanonical)).toHaveLength(3);
  });
});

describe("one measurement", () => {
  test("is made once, and in lower case", async () => {
    const sourceId = await insertSource(db);
    const wanted = { sourceId, parentId: null, name: "stars", type: "INT" };
    const all = await Promise.all(Array.from({ length: 8 }, () => ensureMeasurement(db, wanted, now)));
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    expect(all.filter(({ created }) => created)).toHaveLength(1);
    expect(await measurementsOf(sourceId)).toMatchObject([{ name: "stars", type: "int", isCanonical: true }]);
  });

  test("is another one with another parent, name or type", async () => {
    const sourceId = await insertSource(db);
    const parent = await ensureMeasurement(
      db,
      { sourceId, parentId: null, name: "repos", type: "nested" },
      now,
    );
    const keys = [
      { parentId: null, name: "stars", type: "int" },
      { parentId: parent.id, name: "stars", type: "int" },
      { parentId: null, name: "stars", type: "float" },
      { parentId: null, name: "Stars", type: "int" },
    ];
    const ids = new Set<number>();
    for (const key of keys) ids.add((await ensureMeasurement(db, { sourceId, ...key }, now)).id);
    expect(ids.size).toBe(4);
  });

  test.each(["of another source", "that does not exist"])("is refused below a parent %s", async (which) => {
    const [sourceId, other] = [await insertSource(db), await insertSource(db)];
    const parentId =
      which === "of another source" ? await insertMeasurement(other, "repos", "nested") : 999_999;
    await expect(
      ensureMeasurement(db, { sourceId, parentId, name: "stars", type: "int" }, now),
    ).rejects.toMatchObject({ name: "ApiError", code: "invalid_request" });
    expect(await measurementsOf(sourceId)).toEqual([]);
  });
});
