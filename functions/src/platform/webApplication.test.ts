import { afterEach, describe, expect, test } from "@jest/globals";
import { webApplication } from "./webApplication.ts";

const SECRET = "a-secret-of-the-web-application";
const ask = (headers: Record<string, string> = {}) =>
  webApplication.authorize(headers["authorization"], new Date(), headers);

afterEach(() => {
  delete process.env["PARMA_WEB_SECRET"];
});

test.each([undefined, "", "none"])("without a secret (%p) anyone is let in", async (secret) => {
  if (secret !== undefined) process.env["PARMA_WEB_SECRET"] = secret;
  await expect(ask()).resolves.toBeUndefined();
  await expect(ask({ "x-parma-secret": "whatever" })).resolves.toBeUndefined();
});

describe("once there is a secret", () => {
  test.each([
    ["in its header", { "x-parma-secret": SECRET }],
    ["as bearer token", { authorization: `Bearer ${SECRET}` }],
    [
      "in its header, beside another's token",
      { "x-parma-secret": SECRET, authorization: "Bearer of-another" },
    ],
  ])("it lets in %s", async (_where, headers) => {
    process.env["PARMA_WEB_SECRET"] = SECRET;
    await expect(ask(headers)).resolves.toBeUndefined();
  });

  test.each([
    ["nothing", {}, "missing_token"],
    ["another one", { "x-parma-secret": `${SECRET}x` }, "invalid_token"],
    ["its beginning", { authorization: `Bearer ${SECRET.slice(0, -1)}` }, "invalid_token"],
    ["an empty one", { "x-parma-secret": "" }, "invalid_token"],
    ["the switch of no secret", { "x-parma-secret": "none" }, "invalid_token"],
  ])("%s is refused with 401", async (_what, headers, code) => {
    process.env["PARMA_WEB_SECRET"] = SECRET;
    await expect(ask(headers)).rejects.toMatchObject({ status: 401, code });
  });
});
