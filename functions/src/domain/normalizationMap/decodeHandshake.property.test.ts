import { expect, test } from "@jest/globals";
import fc, { scalarType } from "../../../test/properties.ts";
import { pythonRepr } from "../../../test/pythonRepr.ts";
import { ModuleError } from "../miningModule/moduleError.ts";
import { decodeHandshake } from "./decodeHandshake.ts";
import type { DataType, Mapping, NormalizationMap } from "./normalizationMap.ts";
import { PythonLiteralError, parsePythonLiteral } from "./pythonLiteral.ts";

const name = fc
  .oneof(
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
    fc.constantFrom(
      "__proto__",
      "constructor",
      "SourceField",
      "it's",
      'say "x"',
      "a\\b",
      "line\nbreak",
      "\u2028",
      "😀",
    ),
  )
  .filter((text) => text.isWellFormed() && !text.includes("\0"));

const { mappings } = fc.letrec<{ mappings: Mapping[]; mapping: Mapping }>((tie) => ({
  mapping: fc.oneof(
    { maxDepth: 5, depthSize: "small" },
    fc.record({ SourceField: name, DataType: scalarType, MeasurementName: name }),
    fc.record({
      SourceField: name,
      DataType: fc.constant<DataType>("nested"),
      MeasurementName: name,
      NestedMappings: tie("mappings"),
    }),
  ),
  mappings: fc.array(tie("mapping"), { maxLength: 4 }),
}));
const map: fc.Arbitrary<NormalizationMap> = fc.record({ Source: name, Mappings: mappings });

/** The ways in which modules write their answer. */
const shape = fc.constantFrom<(frequency: string, map: NormalizationMap) => string>(
  (frequency, normalization_map) => JSON.stringify({ frequency, normalization_map }),
  (frequency, map) => JSON.stringify({ frequency, normalization_map: pythonRepr(map) }),
  (frequency, map) => JSON.stringify({ frequency, normalization_map: JSON.stringify(map) }),
  (frequency, map) => JSON.stringify(JSON.stringify({ frequency, normalization_map: pythonRepr(map) })),
  (frequency, map) => JSON.stringify(JSON.stringify({ map, frequency, normalization_map: map })),
);

test("whatever map a module has, in whatever shape it says it, comes back", () => {
  fc.assert(
    fc.property(
      map,
      shape,
      fc.constantFrom("hourly", "daily", "weekly", "monthly"),
      (original, say, frequency) => {
        expect(decodeHandshake(say(frequency, original))).toEqual({ frequency, map: original });
      },
    ),
    { numRuns: 150 },
  );
});

/** Decodes, or refuses in its own words. */
function decodesOrRefuses(body: string): void {
  try {
    decodeHandshake(body);
  } catch (error) {
    expect(error).toBeInstanceOf(ModuleError);
  }
}

test("any text is decoded, or refused in words of its own", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: "binary" }), fc.json(), fc.json().map(JSON.stringify)),
      decodesOrRefuses,
    ),
    {
      numRuns: 200,
    },
  );
});

test("any JSON in the place of an answer, of a map or of a mapping is decoded, or refused in words of its own", () => {
  const any = fc.jsonValue({ maxDepth: 4 });
  const key = fc.constantFrom(
    "SourceField",
    "DataType",
    "MeasurementName",
    "NestedMappings",
    "__proto__",
    "toJSON",
  );
  const nearlyMapping = fc.dictionary(key, fc.oneof(any, name, scalarType, fc.constant("nested"), mappings));
  const nearlyMap = fc.oneof(
    any,
    fc.record({
      Source: fc.oneof(any, name),
      Mappings: fc.oneof(any, fc.array(fc.oneof(nearlyMapping, any))),
    }),
  );
  const body = fc.record(
    { frequency: fc.oneof(any, fc.constant("daily")), normalization_map: nearlyMap },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(body, (it) => decodesOrRefuses(JSON.stringify(it))),
    { numRuns: 200 },
  );
  fc.assert(
    fc.property(nearlyMap, (it) => {
      decodesOrRefuses(JSON.stringify({ frequency: "daily", normalization_map: pythonRepr(it) }));
    }),
    { numRuns: 250 },
  );
});

test("a text with a slip in it is decoded, or refused in words of its own", () => {
  const slip = fc.string({ unit: fc.constantFrom(..."{}[]()'\"\\,:u0.eN- \n\u0000"), maxLength: 3 });
  fc.assert(
    fc.property(map, slip, fc.nat(), fc.nat({ max: 3 }), (original, inserted, at, removed) => {
      const text = pythonRepr(original);
      const position = at % (text.length + 1);
      const slipped = text.slice(0, position) + inserted + text.slice(position + removed);
      decodesOrRefuses(JSON.stringify({ frequency: "daily", normalization_map: slipped }));
    }),
    { numRuns: 250 },
  );
});

test.each<[string, string]>([
  ["100,000 digits", "9".repeat(100_000)],
  ["100,000 digits and a letter", `${"9".repeat(100_000)}x`],
  ["100,000 digits after the point", `0.${"9".repeat(100_000)}x`],
  ["100,000 spaces", " ".repeat(100_000)],
  ["100,000 quotes", "'".repeat(100_001)],
  ["100,000 escapes", `'${"\\\\".repeat(100_000)}`],
  ["100,000 pieces", "'' ".repeat(100_000)],
  ["100,000 lists", "[".repeat(100_000)],
  ["100,000 tuples", "(".repeat(100_000)],
  ["100,000 commas", `[${",".repeat(100_000)}]`],
  ["100,000 letters", "x".repeat(100_000)],
  // In quadratic time this would not end within the test's time.
])("%s are read or refused at once", (_what, text) => {
  try {
    parsePythonLiteral(text);
  } catch (error) {
    expect(error).toBeInstanceOf(PythonLiteralError);
  }
  decodesOrRefuses(JSON.stringify({ frequency: "daily", normalization_map: text }));
});
