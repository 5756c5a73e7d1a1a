import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { pythonRepr } from "../../../test/pythonRepr.ts";
import { ModuleError } from "../miningModule/moduleError.ts";
import { decodeHandshake } from "./decodeHandshake.ts";

const folder = join(__dirname, "../../../test/fixtures/maps");

describe.each(readdirSync(folder))("%s", (file) => {
  const map: unknown = JSON.parse(readFileSync(join(folder, file), "utf8"));
  // As the modules send it, with the ids that they were given.
  const withIds = JSON.parse(JSON.stringify(map), (_key, value) =>
    typeof value === "object" && value !== null && "SourceField" in value
      ? { ...value, source_measurement_id: 41 }
      : value,
  );

  test.each<[string, string]>([
    [
      "JSON in a JSON string, with a Python literal inside",
      JSON.stringify(JSON.stringify({ frequency: "weekly", normalization_map: pythonRepr(withIds) })),
    ],
    [
      "JSON in a JSON string",
      JSON.stringify(JSON.stringify({ frequency: "weekly", normalization_map: withIds })),
    ],
    [
      "JSON with a Python literal",
      JSON.stringify({ frequency: "weekly", normalization_map: pythonRepr(withIds) }),
    ],
    [
      "JSON with JSON inside",
      JSON.stringify({ frequency: "weekly", normalization_map: JSON.stringify(withIds) }),
    ],
    ["JSON", JSON.stringify({ frequency: "weekly", normalization_map: withIds })],
  ])("%s", (_shape, body) => {
    expect(decodeHandshake(body)).toEqual({ frequency: "weekly", map });
  });
});

test("the example of the contract", () => {
  const body =
    '"{\\"frequency\\": \\"weekly\\", \\"normalization_map\\": \\"{\'Source\': \'github\', \'Mappings\': ' +
    "[{'SourceField': 'name', 'DataType': 'text', 'MeasurementName': 'company name', 'source_measurement_id': 38}, " +
    "{'SourceField': 'repos', 'DataType': 'nested', 'MeasurementName': 'repositories', 'NestedMappings': " +
    "[{'SourceField': 'name', 'DataType': 'text', 'MeasurementName': 'repository name', 'source_measurement_id': 42}]" +
    ", 'source_measurement_id': 41}]}\\\"}\"";
  const { frequency, map } = decodeHandshake(body);
  expect(frequency).toBe("weekly");
  expect(map.Mappings.map(({ MeasurementName }) => MeasurementName)).toEqual([
    "company name",
    "repositories",
  ]);
  expect(map.Mappings[1]?.NestedMappings).toEqual([
    { SourceField: "name", DataType: "text", MeasurementName: "repository name" },
  ]);
});

test.each(["Weekly", "WEEKLY", " weekly "])("frequency %j", (frequency) => {
  const normalization_map = { Source: "x", Mappings: [] };
  expect(decodeHandshake(JSON.stringify({ frequency, normalization_map })).frequency).toBe("weekly");
});

describe("says what is wrong with", () => {
  test.each([
    ["<html>Bad gateway</html>", "it is not JSON"],
    ['"still no JSON"', "it is not JSON"],
    ["null", "expected object"],
    ['{"frequency":"yearly","normalization_map":{"Source":"x","Mappings":[]}}', "frequency"],
    ['{"normalization_map":{"Source":"x","Mappings":[]}}', "frequency"],
    ['{"frequency":"daily"}', "normalization_map"],
    [
      '{"frequency":"daily","normalization_map":"{\'Source\': }"}',
      'neither JSON nor a Python literal: expected a value, found "}" at position 11',
    ],
    ['{"frequency":"daily","normalization_map":"{\'Source\': \'x\'}"}', "normalization_map.Mappings"],
  ])("%s", (body, message) => {
    expect(() => decodeHandshake(body)).toThrow(ModuleError);
    expect(() => decodeHandshake(body)).toThrow(message);
  });
});
