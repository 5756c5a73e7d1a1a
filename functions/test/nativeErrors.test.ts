import { readFile } from "node:fs/promises";
import { expect, test } from "@jest/globals";

class OwnError extends Error {}

test("Node's own errors are errors here, as they are in production", async () => {
  const missing: unknown = await readFile("/no/such/file").catch((error: unknown) => error);
  const unreachable: unknown = await fetch("http://127.0.0.1:1").catch((error: unknown) => error);
  expect(missing instanceof Error).toBe(true);
  expect(missing instanceof TypeError).toBe(false);
  expect(missing instanceof OwnError).toBe(false);
  expect(unreachable instanceof TypeError).toBe(true);
  expect(new OwnError() instanceof OwnError).toBe(true);
  expect(new OwnError() instanceof Error).toBe(true);
  expect({ message: "like one" } instanceof Error).toBe(false);
});
