import { expect, test } from "@jest/globals";
import { offlineSentiment } from "./offlineSentiment.ts";

test.each([
  "This is the best product I have ever used, absolutely love it!",
  "Great team, fast support, would recommend to anyone.",
  "Congrats on the launch! This looks amazing 🚀",
  "Super useful, saves me hours every week.",
  "Works exactly as advertised. Not bad at all!",
  "Elegant design and very easy to set up.",
  "No problems so far, it just works.",
  "❤️❤️❤️",
])("good: %s", (text) => {
  expect(offlineSentiment(text)).toBeGreaterThanOrEqual(6);
});

test.each([
  "Terrible experience, it crashes every five minutes.",
  "The support is useless and they refuse to refund me.",
  "Not good. I would not recommend it.",
  "Scam! Stay away from this company.",
  "Too expensive for what it does, very disappointed.",
  "I hate the new interface 😡",
  "Worst update ever, lost all my data.",
  "I was not happy with the service.",
])("bad: %s", (text) => {
  expect(offlineSentiment(text)).toBeLessThanOrEqual(4);
});

test.each([
  "",
  "   ",
  "The office is in Munich.",
  "https://example.com/a/b",
  "__proto__ constructor",
  "12 / 7",
])("neutral: %p", (text) => {
  expect(offlineSentiment(text)).toBe(5);
});

test("stays within 0 to 10, whatever it reads", () => {
  for (const text of ["love ".repeat(100_000), "hate ".repeat(100_000), "!?".repeat(100_000), "\ud83d"]) {
    const score = offlineSentiment(text);
    expect(Number.isInteger(score) && score >= 0 && score <= 10).toBe(true);
  }
});
