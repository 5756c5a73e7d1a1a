import { describe, expect, test } from "@jest/globals";
import { differences } from "./compare.ts";
import type { SoakOutcome, Trace } from "./outcome.ts";

const traces = (kind: string, ...names: string[]): Trace[] =>
  names.map((name, id) => ({ what: `${kind} ${name}`, ids: `${kind} id ${id}` }));

const expected: SoakOutcome = {
  documents: traces("document", "a", "b"),
  // Two that look the same are two.
  values: traces("value", "a", "b", "b"),
  scores: traces("score", "a"),
  news: traces("news", "a", "b"),
  messages: traces("EMAIL | finding", "a", "b"),
  excuses: [],
};

const reversed: SoakOutcome = {
  ...expected,
  values: expected.values.toReversed(),
  messages: expected.messages.map(({ what }) => ({ what, ids: "other ids" })).toReversed(),
};

test("the same in another order and under other ids is no difference", () => {
  expect(differences(expected, reversed)).toEqual([]);
});

const KINDS = ["documents", "values", "scores", "news", "messages"] as const;

describe.each(KINDS)("%s", (kind) => {
  const all = expected[kind];
  const last = all.slice(-1);

  test("one that is lost is seen", () => {
    expect(differences(expected, { ...reversed, [kind]: all.slice(0, -1) })).toEqual([
      { kind, how: "missing", ...last[0] },
    ]);
  });

  test("one that is there twice is seen", () => {
    expect(differences(expected, { ...reversed, [kind]: [...all, ...last] })).toEqual([
      { kind, how: "too many", ...last[0] },
    ]);
  });

  test("one that says something else is seen", () => {
    const other = { what: "something else", ids: "its id" };
    expect(differences(expected, { ...reversed, [kind]: [...all.slice(0, -1), other] })).toEqual([
      { kind, how: "missing", ...last[0] },
      { kind, how: "too many", ...other },
    ]);
  });
});

describe("what was given up rather than done twice", () => {
  const excuse = { kind: "messages" as const, starts: "EMAIL", contains: "finding a" };

  test("excuses one message that is missing", () => {
    const found = { ...expected, messages: expected.messages.slice(1), excuses: [excuse] };
    expect(differences(expected, found)).toEqual([]);
  });

  test("excuses no other, no second one, and none that came twice", () => {
    const none = { ...expected, messages: [], excuses: [excuse] };
    expect(differences(expected, none)).toMatchObject([{ what: "EMAIL | finding b" }]);
    const wanted = { ...expected, messages: traces("EMAIL | finding", "a", "a") };
    expect(differences(wanted, none)).toHaveLength(1);
    const twice = { ...expected, messages: [...expected.messages, ...expected.messages], excuses: [excuse] };
    expect(differences(expected, twice)).toHaveLength(2);
  });

  test("excuses nothing of another kind", () => {
    const found = { ...expected, news: [], excuses: [{ ...excuse, starts: "news", contains: "" }] };
    expect(differences(expected, found)).toHaveLength(2);
  });
});
