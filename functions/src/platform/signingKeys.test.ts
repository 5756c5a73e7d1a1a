import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { checkSigningKeys, linkConfig, tokenSecretsConfig } from "./config.ts";
import { signingKeys, weaknessesOf } from "./signingKeys.ts";

const key = (letter: string) => letter.repeat(32);
const keysOf = (value: string) => signingKeys.parse(value);

test("a key is taken as it is, a list of two while it is rotated", () => {
  expect(keysOf(key("a")).map((bytes) => Buffer.from(bytes).toString())).toEqual([key("a")]);
  expect(keysOf(JSON.stringify([key("a"), key("b")]))).toHaveLength(2);
});

test.each(['["uno", "due", "tre"]', "[]", '["uno", 2]', "[uno]"])(
  "%s is no list of keys, and is not repeated",
  (value) => {
    const result = signingKeys.safeParse(value);
    expect(result.success).toBe(false);
    expect(JSON.stringify(result.error)).not.toContain("uno");
  },
);

describe("keys are weak", () => {
  test.each([
    ["shorter than 32 bytes", { A: "a".repeat(31) }, ["A is shorter than 32 bytes"]],
    ["a space at the end", { A: `${key("a")} ` }, ["A has white space"]],
    ["a line break at the end", { A: `${key("a")}\n` }, ["A has white space"]],
    ["a byte order mark", { A: `\ufeff${key("a")}` }, ["A has white space"]],
    ["twice the same in a rotation", { A: JSON.stringify([key("a"), key("a")]) }, ["A holds one key twice"]],
    ["the same in two secrets", { A: key("a"), B: key("a") }, ["B and A are the same key"]],
    ["short in a rotation", { A: JSON.stringify([key("a"), "b"]) }, ["A is shorter than 32 bytes"]],
  ])("%s", (_what, values, expected) => {
    const secrets = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, keysOf(value)]));
    const weaknesses = weaknessesOf(secrets);
    expect(weaknesses).toHaveLength(expected.length);
    expected.forEach((text, index) => {
      expect(weaknesses[index]).toContain(text);
    });
    expect(weaknesses.join()).not.toContain(key("a"));
  });

  test("not with two long keys that differ", () => {
    expect(weaknessesOf({ A: keysOf(key("a")), B: keysOf(JSON.stringify([key("b"), key("c")])) })).toEqual(
      [],
    );
  });
});

describe("in production", () => {
  const deployed = {
    K_SERVICE: "feedrawdata",
    PARMA_SHARED_SECRET_KEY: key("s"),
    PARMA_ANALYTICS_SECRET_KEY: key("a"),
    PARMA_LINK_SECRET: key("l"),
    WEB_APP_URL: "https://app.parma.example",
    PUBLIC_URL: "https://parma.example",
  };

  // Last, as good keys are looked at once in a process.
  test("weak keys are refused, and good ones taken", () => {
    const weak = { ...deployed, PARMA_SHARED_SECRET_KEY: "short" };
    expect(() => tokenSecretsConfig(weak)).toThrow(/PARMA_SHARED_SECRET_KEY is shorter than 32 bytes/);
    const same = { ...deployed, PARMA_ANALYTICS_SECRET_KEY: key("s") };
    expect(() => tokenSecretsConfig(same)).toThrow(
      "PARMA_ANALYTICS_SECRET_KEY and PARMA_SHARED_SECRET_KEY are the same key",
    );
    expect(() => linkConfig({ ...deployed, PARMA_LINK_SECRET: `${key("l")}\n` })).toThrow(/white space/);
    expect(() => checkSigningKeys({ ...deployed, PARMA_LINK_SECRET: key("s") })).toThrow(/are the same key/);
    expect(() => checkSigningKeys(deployed)).not.toThrow();
  });
});

describe("on a developer's machine", () => {
  beforeEach(() => {
    process.env["FUNCTIONS_EMULATOR"] = "true";
  });
  afterEach(() => {
    delete process.env["FUNCTIONS_EMULATOR"];
  });

  test("there are defaults, and they are not weak", () => {
    const { PARMA_SHARED_SECRET_KEY, PARMA_ANALYTICS_SECRET_KEY } = tokenSecretsConfig({
      FUNCTIONS_EMULATOR: "true",
    });
    expect(weaknessesOf({ PARMA_SHARED_SECRET_KEY, PARMA_ANALYTICS_SECRET_KEY })).toEqual([]);
  });

  test("weak keys are taken", () => {
    const weak = { FUNCTIONS_EMULATOR: "true", PARMA_LINK_SECRET: "short" };
    expect(linkConfig(weak).PARMA_LINK_SECRET).toHaveLength(1);
  });
});
