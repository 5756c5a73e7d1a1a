import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { type Mapping, normalizationMap } from "./normalizationMap.ts";

const folder = join(__dirname, "../../../test/fixtures/maps");
const one = { SourceField: "stars", DataType: "int", MeasurementName: "repository stars" };

test.each(readdirSync(folder))("%s is a map", (file) => {
  const map: unknown = JSON.parse(readFileSync(join(folder, file), "utf8"));
  expect(normalizationMap.parse(map)).toEqual(map);
});

test("data types are read in any case, other keys are left out, null stands for absent", () => {
  const said = {
    Source: "x",
    Version: 3,
    Mappings: [
      { ...one, DataType: " INT ", NestedMappings: null, source_measurement_id: "38", Comment: "?" },
      { ...one, SourceField: "repos", DataType: "Nested", NestedMappings: [one] },
    ],
  };
  expect(normalizationMap.parse(said)).toEqual({
    Source: "x",
    Mappings: [one, { ...one, SourceField: "repos", DataType: "nested", NestedMappings: [one] }],
  });
});

describe("is refused:", () => {
  const nested = (depth: number): object =>
    depth === 0 ? one : { ...one, DataType: "nested", NestedMappings: [nested(depth - 1)] };

  test.each<[string, unknown, string]>([
    ["no object", "text", "expected object"],
    ["no mappings", { Source: "x" }, "Mappings"],
    ["an unknown type", { Source: "x", Mappings: [{ ...one, DataType: "number" }] }, "Mappings[0].DataType"],
    ["a name with NUL", { Source: "x", Mappings: [{ ...one, MeasurementName: "a\0" }] }, "without NUL"],
    ["half a character", { Source: "x", Mappings: [{ ...one, SourceField: "\ud800" }] }, "NUL"],
    ["children of a number", { Source: "x", Mappings: [{ ...one, NestedMappings: [one] }] }, "only a nested"],
    ["nine levels", { Source: "x", Mappings: [nested(8)] }, "8 levels"],
    ["no end of levels", { Source: "x", Mappings: [nested(5_000)] }, "8 levels"],
    [
      "too many mappings",
      { Source: "x", Mappings: Array<Mapping>(2001).fill({ ...one, DataType: "int" }) },
      "2000 mappings",
    ],
  ])("%s", (_what, map, message) => {
    const parsed = normalizationMap.safeParse(map);
    expect(parsed.success).toBe(false);
    expect(
      parsed.error &&
        JSON.stringify(parsed.error.issues.map(({ path, message }) => [path.join("."), message])).replace(
          /\.(\d)/g,
          "[$1]",
        ),
    ).toContain(message);
  });

  test("but not eight levels", () => {
    expect(normalizationMap.safeParse({ Source: "x", Mappings: [nested(7)] }).success).toBe(true);
  });
});
