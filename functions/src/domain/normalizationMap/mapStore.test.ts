import { beforeEach, describe, expect, jest, test } from "@jest/globals";
import { Timestamp } from "firebase-admin/firestore";
import { firestore } from "../../platform/firebase.ts";
import { newestMap, storeMap, UnreadableMapError } from "./mapStore.ts";
import type { MeasuredMap } from "./normalizationMap.ts";

// The first call loads the Firestore client and warms up the emulator.
jest.setTimeout(60_000);

const now = new Date("2024-05-01T10:00:00Z");

// The emulator is shared by all test files and outlives a test, so each test has a source of its own.
let source = { id: 0, name: "" };
beforeEach(() => {
  const id = 1_000_000 + Math.floor(Math.random() * 1_000_000_000);
  source = { id, name: `source-${id}` };
});

function mapOf(measurementId: number): MeasuredMap {
  return {
    Source: "github",
    Mappings: [
      {
        SourceField: "repos",
        DataType: "nested",
        MeasurementName: "repositories",
        NestedMappings: [
          {
            SourceField: "stars",
            DataType: "int",
            MeasurementName: "stars",
            source_measurement_id: measurementId,
          },
        ],
        source_measurement_id: 41,
      },
    ],
  };
}

const schemas = () => firestore().collection(`parma/mining/datasource/${source.name}/normalization_schema`);

test("without a handshake there is no map", async () => {
  expect(await newestMap(firestore(), source)).toBeUndefined();
});

test("a map is kept, with its source and version", async () => {
  expect(await storeMap(firestore(), source, mapOf(42), now)).toBe(1);
  expect(await newestMap(firestore(), source)).toEqual({ version: 1, map: mapOf(42) });
  const document = await schemas().doc(`${source.id}-v1`).get();
  expect(document.data()).toEqual({
    source_id: source.id,
    version: 1,
    schema: mapOf(42),
    created_at: Timestamp.fromDate(now),
  });
});

test("only a map that differs is a new version", async () => {
  await storeMap(firestore(), source, mapOf(42), now);
  const [mapping] = mapOf(42).Mappings;
  const otherOrder: MeasuredMap = {
    Mappings: [
      {
        source_measurement_id: 41,
        NestedMappings: mapping?.NestedMappings ?? [],
        MeasurementName: "repositories",
        DataType: "nested",
        SourceField: "repos",
      },
    ],
    Source: "github",
  };
  expect(await storeMap(firestore(), source, otherOrder, now)).toBe(1);
  expect(await storeMap(firestore(), source, mapOf(43), now)).toBe(2);
  expect(await storeMap(firestore(), source, mapOf(43), now)).toBe(2);
  expect(await storeMap(firestore(), source, mapOf(42), now)).toBe(3);
  expect(await newestMap(firestore(), source)).toEqual({ version: 3, map: mapOf(42) });
  expect((await schemas().get()).size).toBe(3);
});

test("the tenth version is newer than the ninth", async () => {
  for (let id = 1; id <= 10; id += 1) await storeMap(firestore(), source, mapOf(id), now);
  expect(await newestMap(firestore(), source)).toEqual({ version: 10, map: mapOf(10) });
});

describe("at once", () => {
  test("the same map is one version", async () => {
    const versions = await Promise.all(
      Array.from({ length: 6 }, () => storeMap(firestore(), source, mapOf(42), now)),
    );
    expect(versions).toEqual([1, 1, 1, 1, 1, 1]);
    expect((await schemas().get()).size).toBe(1);
  });

  test("two maps are two versions", async () => {
    const versions = await Promise.all([42, 43].map((id) => storeMap(firestore(), source, mapOf(id), now)));
    expect(versions.sort()).toEqual([1, 2]);
  });
});

test("a source that was renamed keeps its maps", async () => {
  await storeMap(firestore(), source, mapOf(42), now);
  source = { ...source, name: `${source.name}-renamed` };
  expect(await storeMap(firestore(), source, mapOf(42), now)).toBe(1);
  expect(await storeMap(firestore(), source, mapOf(43), now)).toBe(2);
  expect(await newestMap(firestore(), source)).toEqual({ version: 2, map: mapOf(43) });
});

test("a map with eight levels fits", async () => {
  const level = (depth: number): MeasuredMap["Mappings"][number] => ({
    SourceField: "field",
    DataType: depth === 1 ? "int" : "nested",
    MeasurementName: `level ${depth}`,
    ...(depth === 1 ? {} : { NestedMappings: [level(depth - 1)] }),
    source_measurement_id: depth,
  });
  const map = { Source: "deep", Mappings: [level(8)] };
  await storeMap(firestore(), source, map, now);
  expect(await newestMap(firestore(), source)).toEqual({ version: 1, map });
});

test("what someone else wrote there is named, not guessed", async () => {
  await schemas()
    .doc("by-hand")
    .create({ source_id: source.id, version: 7, schema: { Source: "x" } });
  await expect(newestMap(firestore(), source)).rejects.toThrow(UnreadableMapError);
  await expect(newestMap(firestore(), source)).rejects.toThrow(/by-hand.*Mappings/s);
});
