import { expect, test } from "@jest/globals";
import { headline } from "./findings.ts";

test.each([
  ["Personio: stars +38%", "Personio", "+38%", "Stars"],
  ["Personio: GitHub stars of os-core +38%", "Personio", "+38%", "GitHub stars of os-core"],
  ["Personio: stars +38%", "Personio", null, "Stars +38%"],
  ["Personio: stars +38%", "Alan", "+38%", "Personio: stars"],
  ["A: B: rating 3 → 4", "A: B", "3 → 4", "Rating"],
  [
    "Gesellschaft mit beschränkter Haft…: rating −5%",
    "Gesellschaft mit beschränkter Haftung",
    "−5%",
    "Rating",
  ],
  ["Another …: rating −5%", "Personio", "−5%", "Another …: rating"],
  ["A very long thing… of Personio changed", "Personio", null, "A very long thing… of Personio changed"],
  ["iOS downloads fell by a third", "Personio", "−33%", "iOS downloads fell by a third"],
  ["Personio: +38%", "Personio", "+38%", "+38%"],
  ["+38%", "Personio", "+38%", "+38%"],
])("%j of %s at %s is %j", (title, company, figure, expected) => {
  expect(headline(title, company, figure)).toBe(expected);
});
