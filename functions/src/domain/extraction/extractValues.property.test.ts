import { describe, expect, test } from "@jest/globals";
import fc, { scalarType } from "../../../test/properties.ts";
import { mapOf, type Short } from "../../../test/shortMap.ts";
import type { DataType } from "../normalizationMap/normalizationMap.ts";
import { isRawObject, type RawObject, type RawValue } from "../rawDocument/losslessJson.ts";
import { extractValues } from "./extractValues.ts";

describe("any raw answer by any map", () => {
  const fieldName = fc.constantFrom("a", "b", "id", "name", "text", "__proto__", "x.y", "");
  const scalar = fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.double(),
    fc.bigInt(),
    fc.string({ unit: "binary" }),
    fc.constantFrom("2021-01-01 00:00:00+00:00", "12", "True"),
  );
  const { rawObject } = fc.letrec<{ rawObject: RawObject; raw: RawValue }>((tie) => ({
    raw: fc.oneof(
      { maxDepth: 4, depthSize: "small" },
      scalar,
      fc.array(tie("raw"), { maxLength: 4 }),
      tie("rawObject"),
    ),
    rawObject: fc
      .uniqueArray(fc.tuple(fieldName, tie("raw")), { maxLength: 6, selector: ([name]) => name })
      .map((entries): RawObject => Object.fromEntries(entries)),
  }));
  const mappedName = fieldName.filter((name) => name !== "");
  const { mappings } = fc.letrec<{ mappings: Short[]; one: Short }>((tie) => ({
    one: fc.oneof(
      { maxDepth: 3, depthSize: "small" },
      fc.tuple(mappedName, scalarType, fc.integer({ min: 1, max: 20 })),
      fc.tuple(mappedName, fc.constant<DataType>("nested"), fc.integer({ min: 1, max: 20 }), tie("mappings")),
    ),
    // A field is mapped once here, so that each can be counted.
    mappings: fc.uniqueArray(tie("one"), { maxLength: 5, selector: ([name]) => name }),
  }));

  const byText = (one: string, other: string) => (one < other ? -1 : Number(one > other));

  /** The paths at which the map expects something and something came: each is to be found exactly once. */
  function expectedPaths(list: readonly Short[], object: RawObject, parent: string): string[] {
    return list.flatMap(([field, type, , nested = []]) => {
      const raw = Object.hasOwn(object, field) ? object[field] : undefined;
      if (raw === undefined || raw === null) return [];
      const path = /^\w+$/.test(field) ? (parent ? `${parent}.${field}` : field) : `${parent}["${field}"]`;
      if (type !== "nested") return [path];
      if (isRawObject(raw)) return expectedPaths(nested, raw, path);
      if (!Array.isArray(raw)) return [path];
      return raw.flatMap((element: RawValue, index) => {
        if (element === null) return [];
        return isRawObject(element)
          ? expectedPaths(nested, element, `${path}[${index}]`)
          : [`${path}[${index}]`];
      });
    });
  }

  test("every mapped value is kept or reported, exactly once", () => {
    fc.assert(
      fc.property(mappings, rawObject, (list, rawData) => {
        const { values, issues } = extractValues(mapOf(...list), rawData);
        const paths = [...values, ...issues].map(({ path }) => path);
        expect(paths.toSorted(byText)).toEqual(expectedPaths(list, rawData, "").toSorted(byText));
      }),
      { numRuns: 1000 },
    );
  });

  test("no two values are the same point, and everything can be stored", () => {
    fc.assert(
      fc.property(mappings, rawObject, (list, rawData) => {
        const { values, issues, fields, measurementIds } = extractValues(mapOf(...list), rawData);
        const keys = values.map(({ measurementId, itemKey }) => `${measurementId} ${itemKey}`);
        expect(new Set(keys).size).toBe(keys.length);
        expect(new Set(measurementIds)).toEqual(
          new Set([...measurementIds, ...values.map(({ measurementId }) => measurementId)]),
        );
        const texts = [
          ...values.flatMap(({ itemKey, path, stored: { value } }) => [itemKey, path, value]),
          ...issues.flatMap(({ path, expected, received }) => [path, expected, received]),
          ...fields.map(({ path }) => path),
        ].filter((text) => typeof text === "string");
        expect(texts.filter((text) => text.includes("\0") || !text.isWellFormed())).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  test("the same answer gives the same values", () => {
    fc.assert(
      fc.property(mappings, rawObject, (list, rawData) => {
        const map = mapOf(...list);
        expect(extractValues(map, structuredClone(rawData))).toEqual(extractValues(map, rawData));
      }),
    );
  });
});
