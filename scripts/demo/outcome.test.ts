import { expect, test } from "@jest/globals";
import { producthuntSource } from "./demoSources.ts";
import { differences, type SourceOutcome } from "./outcome.ts";

const source = { ...producthuntSource("http://127.0.0.1:9"), id: 3 };

const asExpected: SourceOutcome = {
  source,
  companies: 4,
  calls: 4,
  succeeded: 3,
  failed: 1,
  rawDocuments: 3,
  failedDocuments: 0,
  values: { text: 3, float: 3, int: 6, comment: 40, date: 39 },
  issues: 1,
};

test("a result that the input implies is no difference", () => {
  expect(differences(asExpected)).toEqual([]);
});

test("every count that differs is named", () => {
  expect(
    differences({
      ...asExpected,
      succeeded: 2,
      failed: 2,
      failedDocuments: 1,
      values: { ...asExpected.values, date: 40, bool: 1 },
    }),
  ).toEqual([
    "producthunt: 2 successful calls, expected 3",
    "producthunt: 2 failed calls, expected 1",
    "producthunt: 1 raw documents not normalized, expected 0",
    "producthunt: 1 bool values, expected 0",
    "producthunt: 40 date values, expected 39",
  ]);
});
