import { expect, test } from "@jest/globals";
import { makeInput } from "./makeInput.ts";
import { countDocuments } from "./soakInput.ts";

test.each([40, 200, 2_000])("about %d documents, of every kind of source", (documents) => {
  const sources = makeInput({ documents, seed: 1 });
  expect(Math.abs(countDocuments(sources) - documents)).toBeLessThanOrEqual(documents * 0.1);
  expect(sources.map(({ name }) => name)).toEqual([
    "shares",
    "jobless",
    "metrics",
    "products",
    "unmapped",
    "github",
  ]);
  expect(sources.every(({ companies }) => companies.length > 0)).toBe(true);
});

test("the same seed gives the same input, another one another", () => {
  const input = makeInput({ documents: 100, seed: 1 });
  expect(makeInput({ documents: 100, seed: 1 })).toEqual(input);
  expect(makeInput({ documents: 100, seed: 2 })).not.toEqual(input);
});

test("the documents of a company are observed one after another", () => {
  const companies = makeInput({ documents: 2_000, seed: 1 })
    .filter(({ origin }) => origin.kind !== "github")
    .flatMap((source) => source.companies);
  for (const { documents } of companies) {
    const times = documents.map(({ observedAt = "" }) => Date.parse(observedAt));
    expect(times.every((time, i) => time > (times[i - 1] ?? 0))).toBe(true);
  }
});

test("made-up answers have every oddity, and each company's first one has none", () => {
  const documents = makeInput({ documents: 2_000, seed: 1 })
    .filter(({ name }) => name === "metrics")
    .flatMap(({ companies }) => companies.map((company) => company.documents));
  const texts = documents.flat().map(({ text }) => text);
  for (const oddity of [/^\{\}$/, /"bottom"/, /12345678901234567890/, /no such/]) {
    expect(texts.some((text) => oddity.test(text))).toBe(true);
    expect(documents.some(([first]) => oddity.test(first?.text ?? ""))).toBe(false);
  }
  expect(documents.flat().some(({ twice }) => twice)).toBe(true);
});
