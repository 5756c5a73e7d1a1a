import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { operator } from "./operator.ts";

const TOKEN = "operator-token-of-the-tests";
beforeAll(() => {
  process.env["OPERATOR_TOKEN"] = TOKEN;
});
afterAll(() => {
  delete process.env["OPERATOR_TOKEN"];
});

test("who shows the token is let in", async () => {
  await expect(operator(`Bearer ${TOKEN}`)).resolves.toBeUndefined();
});

test.each([
  [undefined, "missing_token"],
  ["", "missing_token"],
  ["Bearer ", "missing_token"],
  [TOKEN, "missing_token"],
  [`Basic ${TOKEN}`, "missing_token"],
  ["Bearer another-token-altogether", "invalid_token"],
  [`Bearer ${TOKEN}x`, "invalid_token"],
  [`Bearer ${TOKEN.slice(0, -1)}`, "invalid_token"],
])("%p is refused", async (authorization, code) => {
  await expect(operator(authorization)).rejects.toMatchObject({ status: 401, code });
});

test("without a token of its own, nobody is let in", async () => {
  delete process.env["OPERATOR_TOKEN"];
  await expect(operator("Bearer ")).rejects.toThrow();
  await expect(operator("Bearer undefined")).rejects.toThrow("OPERATOR_TOKEN");
  process.env["OPERATOR_TOKEN"] = TOKEN;
});
