import { expect, test } from "@jest/globals";
import { storedReason } from "./errorText.ts";

test("a reason is stored bounded, and without what PostgreSQL refuses", () => {
  expect(storedReason("The module answered 500")).toBe("The module answered 500");
  expect(storedReason("a\0b\ud800")).toBe("a�b�");
  const long = storedReason("😀".repeat(1_500_000));
  expect(long).toHaveLength(2000);
  expect(long.isWellFormed()).toBe(true);
  expect(long.endsWith("…")).toBe(true);
});
