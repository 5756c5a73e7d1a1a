import { describe, expect, jest, test } from "@jest/globals";
import fc from "../../../test/properties.ts";
import { firestore } from "../../platform/firebase.ts";
import { firestoreObstacle } from "./firestoreFit.ts";
import { isRawObject, type RawObject, type RawValue } from "./losslessJson.ts";

// Firestore's client takes seconds to load.
jest.setTimeout(60_000);

/** Maps in maps: `levels` of them, the raw answer included. */
function nested(levels: number, name = "a"): RawObject {
  let value: RawValue = "leaf";
  for (let level = 0; level < levels; level += 1) value = { [name]: value };
  return isRawObject(value) ? value : {};
}

const obstacles: [string, RawObject, RegExp][] = [
  ["21 levels", nested(21), /deeper than 20 levels/],
  ["a list in a list", { a: [[1]] }, /directly in a list/],
  ["an integer beyond 2^53", { a: { b: [9007199254740993n] } }, /beyond 2\^53/],
  ["a reserved field name", { a: [{ __name__: 1 }] }, /reserved/],
  ["a field that is called __proto__", JSON.parse('{"__proto__": {"a": 1}}'), /reserved/],
  ["an empty field name", { a: { "": 1 } }, /empty name/],
  ["half a surrogate pair in a string", { a: ["\ud800"] }, /valid Unicode/],
  ["half a surrogate pair in a name", { "\udc00": 1 }, /valid Unicode/],
  ["a name that is too long", { ["x".repeat(1501)]: 1 }, /path is longer/],
  ["names that are too long together", nested(15, "x".repeat(100)), /path is longer/],
  ["a long text", { a: "x".repeat(500_000) }, /larger than/],
  ["many small values", { a: Array.from({ length: 40_000 }, (_, index) => index) }, /larger than/],
];

describe("what Firestore cannot hold", () => {
  test.each(obstacles)("%s", (_what, rawData, reason) => {
    expect(firestoreObstacle(rawData)).toMatch(reason);
  });
});

describe("what it can hold is held without loss", () => {
  const stored = async (data: RawObject) => {
    const document = firestore().collection("firestoreFit").doc();
    await document.create({ data });
    return (await document.get()).data();
  };

  test.each<[string, RawObject]>([
    ["20 levels", nested(20)],
    ["lists and maps in turn", { a: [{ b: [{ c: [{}], d: [] }] }] }],
    ["numbers", { a: [2 ** 53 - 1, -(2 ** 53 - 1), -0, 0.1, 5e-324, 1.7976931348623157e308, 1e20] }],
    ["odd names", { "a.b": 1, "`": 2, "\u0000": 3, __: 4, "é…😀": 5, "[0]": 6, constructor: 7 }],
    ["odd texts", { a: "\u0000", b: "", c: "😀", d: "x".repeat(400_000) }],
    ["a name as long as a path may be", { ["x".repeat(1390)]: { a: 1 }, ["`".repeat(690)]: 1 }],
    ["names in a path as long as it may be", nested(14, "x".repeat(98))],
    ["nothing", {}],
  ])("%s", async (_what, rawData) => {
    expect(firestoreObstacle(rawData)).toBeUndefined();
    expect(await stored(rawData)).toEqual({ data: rawData });
  });

  test("any JSON object either is refused or comes back as it was", async () => {
    const objects = fc
      .dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ maxDepth: 4, stringUnit: "binary" }))
      .map((object): RawObject => JSON.parse(JSON.stringify(object)));
    await fc.assert(
      fc.asyncProperty(objects, async (rawData) => {
        if (firestoreObstacle(rawData) !== undefined) return;
        expect(await stored(rawData)).toEqual({ data: rawData });
      }),
      { numRuns: 100 },
    );
  });
});
