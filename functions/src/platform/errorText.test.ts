import { expect, test } from "@jest/globals";
import { errorText, storedReason } from "./errorText.ts";

test("a reason is stored bounded, and without what PostgreSQL refuses", () => {
  expect(storedReason("The module answered 500")).toBe("The module answered 500");
  expect(storedReason("a\0b\ud800")).toBe("a�b�");
  const long = storedReason("😀".repeat(1_500_000));
  expect(long).toHaveLength(2000);
  expect(long.isWellFormed()).toBe(true);
  expect(long.endsWith("…")).toBe(true);
});

test("an error's text is cut, however long its message is", () => {
  expect(errorText(new Error("x".repeat(50_000_000))).length).toBeLessThan(1100);
});

test.each([
  ["slashes", "://".repeat(100_000)],
  ["beginnings of tokens", "eyJa-".repeat(100_000)],
  ["beginnings of addresses", "a@".repeat(100_000)],
  ["a long word", "a".repeat(300_000)],
  ["parts of host names", `a@${"b.".repeat(100_000)}1`],
])("%s take no time", (_what, message) => {
  const begunAt = performance.now();
  errorText(new Error(message));
  expect(performance.now() - begunAt).toBeLessThan(500);
});

test("of JSON that cannot be parsed nothing is quoted", () => {
  const failure = (text: string) => {
    try {
      return errorText(JSON.parse(text));
    } catch (error) {
      return errorText(error);
    }
  };
  expect(failure('{"secret": "a", x}')).toBe(
    "SyntaxError: Expected double-quoted property name in JSON at position 16 (line 1 column 17)",
  );
  expect(failure("secret")).toBe("SyntaxError: Unexpected token 's', … is not valid JSON");
});
