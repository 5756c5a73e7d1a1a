import { beforeEach, describe, expect, jest, test } from "@jest/globals";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";
import { insertSource } from "../../../test/rows.ts";
import type {
  MiningModule,
  ModuleDescription,
  ModuleSource,
} from "../../domain/miningModule/miningModule.ts";
import { ModuleError } from "../../domain/miningModule/moduleError.ts";
import { newestMap } from "../../domain/normalizationMap/mapStore.ts";
import { shakeHands } from "../../domain/normalizationMap/shakeHands.ts";
import { firestore } from "../../platform/firebase.ts";
import { namedSource } from "./handshake.ts";

// Firestore's client takes seconds to load.
jest.setTimeout(60_000);

const db = openTestDatabase();
const now = new Date("2024-05-15T12:00:00Z");
const endpoint = "https://github.example.com/";

const described = (name: string): ModuleDescription => ({
  frequency: "weekly",
  map: {
    Source: "github",
    Mappings: [{ SourceField: name, DataType: "int", MeasurementName: `the ${name}` }],
  },
});

const describeModule = jest.fn<MiningModule["describe"]>();
const moduleFor = jest.fn(
  (_source: ModuleSource): MiningModule => ({
    describe: describeModule,
    discover: () => Promise.reject(new Error("not asked for")),
    mine: () => Promise.reject(new Error("not asked for")),
  }),
);

// Ids start anew in each run's database, while Firestore is shared: a source of its own for each test.
let sourceId: number;
beforeEach(async () => {
  jest.clearAllMocks();
  describeModule.mockResolvedValue(described("stars"));
  sourceId = 600_000 + (await insertSource(db));
  await db.query("delete from data_source");
  await db.query(
    `insert into data_source
       (id, source_name, is_active, frequency, health_status, invocation_endpoint, modified_at)
     values ($1, 'handshake-test', true, 'DAILY', 'UP', $2, now())`,
    [sourceId, endpoint],
  );
});

const shake = async (invocationEndpoint = endpoint, id = sourceId) => {
  const source = await namedSource(db, id, invocationEndpoint);
  return shakeHands({ db, firestore: firestore(), module: moduleFor(source) }, source, now);
};

test("it gives the frequency, and keeps the map with the source's own measurements", async () => {
  expect(await shake()).toEqual({ frequency: "weekly" });
  expect(moduleFor).toHaveBeenCalledWith(expect.objectContaining({ id: sourceId, endpoint }));
  const { rows } = await db.query("select id, measurement_name from source_measurement");
  expect(rows).toEqual([{ id: expect.any(Number), measurement_name: "the stars" }]);
  const newest = await newestMap(firestore(), { id: sourceId, name: "unused" });
  expect(newest?.version).toBe(1);
  expect(newest?.map.Mappings).toMatchObject([
    { SourceField: "stars", source_measurement_id: JSON.parse(JSON.stringify(rows))[0].id },
  ]);
});

test("the same map again, and twice at once, is no new version; another one is", async () => {
  await Promise.all([shake(), shake()]);
  await shake();
  expect((await newestMap(firestore(), { id: sourceId, name: "unused" }))?.version).toBe(1);
  describeModule.mockResolvedValue(described("forks"));
  await shake();
  expect((await newestMap(firestore(), { id: sourceId, name: "unused" }))?.version).toBe(2);
  expect((await db.query("select from source_measurement")).rowCount).toBe(2);
});

test.each(["https://github.example.com", "https://github.example.com//"])(
  "slashes at the end make no other endpoint: %s",
  async (invocationEndpoint) => {
    expect(await shake(invocationEndpoint)).toEqual({ frequency: "weekly" });
  },
);

describe("no module is called", () => {
  test.each([
    "https://evil.example.com/",
    "https://github.example.com/path",
    "",
    "https://github.example.com.evil.com",
  ])("at an endpoint that is not the source's: %s", async (invocationEndpoint) => {
    await expect(shake(invocationEndpoint)).rejects.toMatchObject({ status: 403 });
    expect(describeModule).not.toHaveBeenCalled();
  });

  test("for a source that is not there, which is refused in the same words", async () => {
    const other = await shake("https://evil.example.com/").catch((error: unknown) => error);
    await expect(shake(endpoint, sourceId + 1)).rejects.toEqual(other);
    expect(moduleFor).not.toHaveBeenCalled();
  });
});

test("a module that fails leaves no map", async () => {
  describeModule.mockRejectedValue(new ModuleError("HttpStatus500", "no key", { retryable: true }));
  await expect(shake()).rejects.toThrow(ModuleError);
  expect(await newestMap(firestore(), { id: sourceId, name: "unused" })).toBeUndefined();
});
