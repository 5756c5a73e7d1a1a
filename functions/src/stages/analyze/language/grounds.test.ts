import { describe, expect, test } from "@jest/globals";
import {
  type Grounds,
  groundsOf,
  possibleNames,
  unfoundedLinks,
  unfoundedNames,
  unfoundedNumbers,
} from "./grounds.ts";

const grounds = groundsOf(
  [
    "Stars of Adobe rose by 38 %",
    "1,412 stars against an expected 1,020 to 1,160 in the 12 weeks before, 3 percentage points above Q3.",
    "+38 %",
    "2024-05-15T10:30:00.000Z",
    "The price is $25.",
  ],
  {
    value: 1412,
    balance: -7,
    percentChange: -4.25,
    expected: { from: 1020, to: 1160 },
    points: [9, 2_500_000],
    version: "v2.1",
    note: "twenty-five reviewers, a third of them in Berlin",
  },
);

describe("numbers that the finding has", () => {
  test.each([
    ["a plain number", "It has 1412 stars."],
    ["with a comma", "It has 1,412 stars."],
    ["with a space", "It has 1 412 stars."],
    ["with a narrow space", "It has 1\u202f412 stars."],
    ["with an apostrophe", "It has 1'412 stars."],
    ["in full width", "It has １４１２ stars."],
    ["in thousands", "It has 1.412k stars."],
    ["in millions, when exact", "2.5 million and 2.5M and 2,500 thousand"],
    ["a range", "between 1,020–1,160"],
    ["a range with a hyphen", "1020-1160"],
    ["with a decimal that adds nothing", "1412.0"],
    ["a percentage", "It rose by 38%."],
    ["a percentage with its sign", "+38 %"],
    ["a percentage in words", "a 38 percent rise, a 38-percent rise, 38 per cent"],
    ["a fact's percentage without its sign", "It lost 4.25 %."],
    ["a fact's percentage with its sign", "-4.25 % and −4.25 %"],
    ["a negative fact", "a balance of -7, a loss of 7"],
    ["percentage points", "3 percentage points, 3pp"],
    ["as a word", "over twelve weeks"],
    ["a word with a digit", "above q3, in Q3, in v2.1"],
    ["words, word by word", "Twenty-five reviewers, a third of them"],
    ["a date", "on 2024-05-15"],
    ["a date in words", "on 15 May 2024, on May 15, on May 15th, 2024, on the 15th of May"],
    ["a part of a date", "in May 2024, in 2024"],
    ["a time", "at 10:30"],
    ["a price", "It costs $25, 25 dollars, USD 25"],
    ["none", "It rose sharply."],
  ])("%s", (_name, text) => {
    expect(unfoundedNumbers(text, grounds)).toEqual([]);
  });
});

describe("numbers that the finding does not have", () => {
  test.each([
    ["another number", "1413 stars", ["number:1413"]],
    ["a rounded number", "about 1,400 stars", ["number:1400"]],
    ["a rounded number in thousands", "1.4k stars", ["number:1400"]],
    ["a rounded percentage", "almost 40 %", ["percent:40"]],
    ["a more exact percentage", "38.2 %", ["percent:38.2"]],
    ["a percentage of a plain number", "12 %", ["percent:12"]],
    ["a plain number of a percentage", "38 stars", ["number:38"]],
    ["points of a percentage", "38 percentage points", ["points:38"]],
    ["a percentage of points", "3 %", ["percent:3"]],
    ["a multiple", "3x as many, 12 times, 9-fold", ["times:3", "times:12", "times:9"]],
    [
      "a multiple in words",
      "It doubled, tripled, and is twice what it was.",
      ["words:doubled", "words:tripled", "words:twice"],
    ],
    ["a multiple with a fold", "a tenfold rise", ["words:tenfold"]],
    ["a fraction in words", "Half of it, three quarters", ["number:3", "words:half", "words:quarters"]],
    ["a number in words", "five stars", ["number:5"]],
    ["a long number in words", "twenty-six reviewers", ["words:twenty six"]],
    [
      "a large number in words",
      "two million, one hundred and two",
      ["number:2000000", "words:one hundred and two"],
    ],
    ["millions of a small number", "12 million", ["number:12000000"]],
    ["a unit without a number", "Millions of stars", ["words:millions"]],
    ["an order", "the 1st, the first, the 12th time", ["ordinal:1", "ordinal:12", "words:first"]],
    ["the other sign", "-38 %", ["percent:-38"]],
    ["a sign that a negative fact does not have", "a balance of +7", ["number:+7"]],
    ["a number with its end cut off", "412 stars", ["number:412"]],
    ["a part of a grouped number", "1 and 020", ["number:1", "number:20"]],
    ["numbers joined by a space", "12 412", ["number:12412"]],
    ["decimals only", "0.5 and .5", ["number:0.5"]],
    ["a fraction's sign", "½ of it", ["sign:½"]],
    ["a raised digit", "1412² stars", ["sign:²"]],
    ["digits of another script", "١٤ stars", ["sign:١٤"]],
    ["another date", "on 16 May 2024", ["date:2024-5-16"]],
    ["another year", "in 2023, in May 2023", ["number:2023", "date:2023-5"]],
    ["the day of a date as a number", "15 stars", ["number:15"]],
    ["another time", "at 10:31", ["date:10:31"]],
    ["another quarter", "in Q4", ["word:q4"]],
    ["another version", "v2.2", ["word:v2.2"]],
    ["another currency", "€25", ["currency:eur"]],
    ["a price that is a number", "$1412 and £9", ["currency:gbp"]],
  ])("%s", (_name, text, missing) => {
    expect(new Set(unfoundedNumbers(text, grounds))).toEqual(new Set(missing));
  });

  test("a currency where the finding has none", () => {
    expect(unfoundedNumbers("$1412", groundsOf(["1,412 stars"], {}))).toEqual(["currency:usd"]);
  });

  test("the names of fields state nothing", () => {
    expect(unfoundedNumbers("the last 30 days", groundsOf([], { last30days: 5 }))).toEqual(["number:30"]);
  });
});

describe("names", () => {
  const names = groundsOf(["Stars of GitHub's project Acme rose", "on 2024-05-15"], { place: "New York" });

  test.each([
    "Stars of Acme rose in New York.",
    "Acme's stars rose. Interest in ACME grows.",
    "Seen at Acme on 15 May 2024",
    "GitHub stars are up",
  ])("allowed: %s", (text) => {
    expect(unfoundedNames(text, names)).toEqual([]);
  });

  test.each<[string, string[]]>([
    ["Stars of Acme rose, unlike those of Globex.", ["Globex"]],
    ["Interest moves from Microsoft to Acme", ["Microsoft"]],
    ["An IPO may follow. IPO!", ["IPO", "IPO"]],
    ["OpenAI is behind it", ["OpenAI"]],
    ["Acme rose in June", ["June"]],
    ["Acme rose: Globex fell. Then Initech's", ["Initech's"]],
  ])("not allowed: %s", (text, unfounded) => {
    expect(unfoundedNames(text, names)).toEqual(unfounded);
  });

  test("what may be a company's name is looked for at the beginning of a sentence as well", () => {
    expect(possibleNames("Globex Corp.'s stars beat Acme", names)).toEqual(
      expect.arrayContaining(["globex", "globex corp"]),
    );
    expect(possibleNames("Stars of Acme rose", names)).not.toContain("acme");
  });
});

test.each([
  "See https://evil.example/x",
  "See www.evil.example",
  "Go to evil.com/now",
  "Write to me@evil.com",
  "<b>rose</b>",
  "[rose](x)",
])("links and markup: %s", (text) => {
  expect(unfoundedLinks(text, grounds).length).toBeGreaterThan(0);
});

test("the finding's own link may be told", () => {
  const own: Grounds = groundsOf(["The website became https://acme.dev/new"], {});
  expect(unfoundedLinks("The website is now https://acme.dev/new", own)).toEqual([]);
});
