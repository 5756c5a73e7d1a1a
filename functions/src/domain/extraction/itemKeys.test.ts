import { describe, expect, jest, test } from "@jest/globals";
import type { DataType, MeasuredMapping } from "../normalizationMap/normalizationMap.ts";
import type { RawValue } from "../rawDocument/losslessJson.ts";
import { itemKeys, joinKeys, numberRepeated } from "./itemKeys.ts";

jest.setTimeout(60_000);

function mapped(SourceField: string, DataType: DataType, MeasurementName = SourceField): MeasuredMapping {
  return { SourceField, DataType, MeasurementName, source_measurement_id: 1 };
}

const comment = [mapped("author", "text"), mapped("text", "paragraph"), mapped("upvotes", "int")];

describe("an element is known by", () => {
  test.each<[string, RawValue[], string[]]>([
    ["its id", [{ id: "12", name: "a" }, { id: 13 }], ["12", "13"]],
    ["a large id", [{ id: 2n ** 64n }], ["18446744073709551616"]],
    ["its permalink before its URL", [{ url: "https://x", permalink: "/r/x" }], ["/r/x"]],
    ["its URL before its name", [{ name: "a", html_url: "https://x/a" }], ["https://x/a"]],
    ["its name", [{ name: "a", stars: 1 }, { name: "b" }], ["a", "b"]],
    ["its title", [{ title: "Seed round" }], ["Seed round"]],
    [
      "its name, where its id is empty or null",
      [
        { id: "", name: "a" },
        { id: null, name: "b" },
        { id: " ", name: "c" },
      ],
      ["a", "b", "c"],
    ],
    [
      "what no sibling has",
      [
        { url: "https://x", name: "a" },
        { url: "https://x", name: "b" },
      ],
      ["a", "b"],
    ],
    [
      "its position, where it has nothing",
      [{ stars: 1 }, { stars: 2 }, null, 7],
      ["[0]", "[1]", "[2]", "[3]"],
    ],
    [
      "its position, where it shares its name",
      [{ name: "a" }, { name: "a" }, { name: "b" }],
      ["[0]", "[1]", "b"],
    ],
    ["not by a list or an object", [{ id: ["1"], name: { first: "a" } }], ["[0]"]],
    ["not by what every object inherits", [{ stars: 1 }], ["[0]"]],
  ])("%s", (_what, elements, keys) => {
    expect(itemKeys(elements, [])).toEqual(keys);
  });

  test("what the map calls its name", () => {
    const mappings = [mapped("subreddit", "text", "name of subreddit"), mapped("kind", "text")];
    expect(itemKeys([{ kind: "k", subreddit: "all" }, { subreddit: "startups" }], mappings)).toEqual([
      "all",
      "startups",
    ]);
  });

  test("its id before its permalink, also where the map calls it an id", () => {
    const mappings = [mapped("id", "text", "id of submission"), mapped("permalink", "link")];
    expect(itemKeys([{ id: "12", permalink: "/r/x" }], mappings)).toEqual(["12"]);
  });

  test("its content, where nothing names it, wherever it stands and whatever its numbers", () => {
    const mappings = [mapped("code", "text"), mapped("sector", "text"), mapped("share", "float")];
    const elements = [
      { code: "5112", sector: "Software", share: 0.4 },
      { code: "5415", sector: null, share: 0.6 },
      { share: 1 },
    ];
    expect(itemKeys(elements, mappings)).toEqual(["5112 · Software", "5415", "[2]"]);
  });
});

describe("a comment", () => {
  const one = { author: "a", text: "Nice", upvotes: 3 };
  const [key] = itemKeys([one], comment);

  test("is known by its texts, wherever it stands and whatever its votes", () => {
    expect(key).toMatch(/^sha256:[0-9a-f]{32}$/);
    expect(
      itemKeys(
        [
          { author: "b", text: "New" },
          { ...one, upvotes: 9 },
        ],
        comment,
      )[1],
    ).toBe(key);
  });

  test("with another text or author is another one", () => {
    expect(itemKeys([{ ...one, text: "Nicer" }], comment)).not.toEqual([key]);
    expect(itemKeys([{ ...one, author: "b" }], comment)).not.toEqual([key]);
  });

  test("is numbered when it is said twice", () => {
    expect(itemKeys([one, one, one], comment)).toEqual([key, `${key}#2`, `${key}#3`]);
  });

  test("without a text is known by its position", () => {
    expect(itemKeys([{ upvotes: 1 }], comment)).toEqual(["[0]"]);
  });

  test("with an id is known by that", () => {
    expect(itemKeys([{ ...one, id: "t1_x" }], comment)).toEqual(["t1_x"]);
  });
});

test("a key that PostgreSQL cannot store becomes a fingerprint", () => {
  const keys = itemKeys([{ id: "a\0" }, { id: "\ud800" }], []);
  expect(keys).toEqual([expect.stringMatching(/^sha256:/), expect.stringMatching(/^sha256:/)]);
});

test("keys within keys are joined, and long ones become fingerprints", () => {
  expect(joinKeys("", "a")).toBe("a");
  expect(joinKeys("all", "12")).toBe("all/12");
  expect(joinKeys("x".repeat(150), "y".repeat(50))).toMatch(/^sha256:[0-9a-f]{32}$/);
});

test("numbers never meet a key that is there", () => {
  const numbered = numberRepeated();
  expect(["a", "a", "a#2", "a", "a#2"].map(numbered)).toEqual(["a", "a#2", "a#2#2", "a#3", "a#2#3"]);
});

// Looking for a free number from the start each time would take longer than a test may.
test("100,000 equal elements are numbered", () => {
  const keys = itemKeys(Array(100_000).fill({ author: "a", text: "+1" }), comment);
  expect(new Set(keys).size).toBe(100_000);
});
