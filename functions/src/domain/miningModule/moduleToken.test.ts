import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { decodeJwt, jwtVerify, SignJWT, UnsecuredJWT } from "jose";
import { ApiError } from "../../platform/apiError.ts";
import { signModuleTokens, verifyModuleToken } from "./moduleToken.ts";

const NOW = new Date("2024-05-15T12:00:00Z");
const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);
const claims = { sourceId: 5, taskId: 123, companyId: 12, attempt: 2 };

beforeAll(() => {
  process.env["PARMA_SHARED_SECRET_KEY"] = "shared secret of the tests";
  process.env["PARMA_ANALYTICS_SECRET_KEY"] = "analytics secret of the tests";
});

const key = (name: "PARMA_SHARED_SECRET_KEY" | "PARMA_ANALYTICS_SECRET_KEY") =>
  new TextEncoder().encode(process.env[name]);

function sign(payload: Record<string, unknown>, secret: Uint8Array, expiry: Date | undefined = later(60)) {
  const jwt = new SignJWT(payload).setProtectedHeader({ alg: "HS256" });
  return (expiry ? jwt.setExpirationTime(expiry) : jwt).sign(secret);
}

const shared = () => key("PARMA_SHARED_SECRET_KEY");
const own = () => key("PARMA_ANALYTICS_SECRET_KEY");

async function refusal(authorization: string | undefined, now = NOW): Promise<[number, string]> {
  try {
    await verifyModuleToken(authorization, now);
  } catch (error) {
    if (error instanceof ApiError) return [error.status, error.message];
    throw error;
  }
  throw new Error("The token was accepted");
}

describe("a token", () => {
  test("comes back as it was given, bare or as a Bearer", async () => {
    const [token] = await signModuleTokens(claims, { now: NOW, lifeSeconds: 60 });
    await expect(verifyModuleToken(`Bearer ${token}`, NOW)).resolves.toEqual(claims);
    await expect(verifyModuleToken(token, later(50))).resolves.toEqual(claims);
  });

  test("has the layers that modules know: sourcing_id and exp, in both", async () => {
    const [token] = await signModuleTokens({ sourceId: 5 }, { now: NOW, lifeSeconds: 60 });
    const outer = decodeJwt(token);
    expect(outer).toEqual({ sourcing_id: expect.any(String), exp: NOW.getTime() / 1000 + 60 });
    expect(decodeJwt(String(outer["sourcing_id"]))).toEqual({ sourcing_id: 5, exp: outer.exp });
  });

  test("of the contract, without our claims, names its source alone", async () => {
    const token = await sign({ sourcing_id: await sign({ sourcing_id: 7 }, own()) }, shared());
    await expect(verifyModuleToken(token, NOW)).resolves.toEqual({ sourceId: 7 });
  });
});

describe("refused", () => {
  const sharedRefusal = [401, "Invalid shared token or expired token"];
  const innerRefusal = [401, "Invalid authorization token or expired token"];

  test("no token", async () => {
    for (const header of [undefined, "", "Bearer ", "Bearer"]) {
      expect(await refusal(header)).toEqual(
        header === "Bearer" ? sharedRefusal : [401, "Authorization header is required!"],
      );
    }
  });

  test("an expired one", async () => {
    const [token] = await signModuleTokens(claims, { now: NOW, lifeSeconds: 60 });
    expect(await refusal(token, later(90))).toEqual(sharedRefusal);
  });

  test("one that never expires", async () => {
    const inner = await sign({ sourcing_id: 5 }, own(), later(60));
    expect(
      await refusal(
        await new SignJWT({ sourcing_id: inner }).setProtectedHeader({ alg: "HS256" }).sign(shared()),
      ),
    ).toEqual(sharedRefusal);
  });

  test("an expired inner one in a fresh outer one", async () => {
    const inner = await sign({ sourcing_id: 5 }, own(), later(-60));
    expect(await refusal(await sign({ sourcing_id: inner }, shared()))).toEqual(innerRefusal);
  });

  test("the wrong key, outside and inside", async () => {
    const stranger = new TextEncoder().encode("another secret altogether");
    const inner = await sign({ sourcing_id: 5 }, own());
    expect(await refusal(await sign({ sourcing_id: inner }, stranger))).toEqual(sharedRefusal);
    const forged = await sign({ sourcing_id: 5 }, stranger);
    expect(await refusal(await sign({ sourcing_id: forged }, shared()))).toEqual(innerRefusal);
  });

  test("layers that are swapped, or one alone", async () => {
    const inner = await sign({ sourcing_id: 5 }, shared());
    expect(await refusal(await sign({ sourcing_id: inner }, own()))).toEqual(sharedRefusal);
    expect(await refusal(await sign({ sourcing_id: 5 }, own()))).toEqual(sharedRefusal);
    expect(
      await refusal(await sign({ sourcing_id: await sign({ sourcing_id: 5 }, shared()) }, shared())),
    ).toEqual(innerRefusal);
  });

  test("alg none, outside and inside", async () => {
    const inner = await sign({ sourcing_id: 5 }, own());
    const unsigned = (payload: Record<string, unknown>) =>
      new UnsecuredJWT(payload).setExpirationTime(later(60)).encode();
    expect(await refusal(unsigned({ sourcing_id: inner }))).toEqual(sharedRefusal);
    expect(await refusal(await sign({ sourcing_id: unsigned({ sourcing_id: 5 }) }, shared()))).toEqual(
      innerRefusal,
    );
  });

  test("one that carries nothing, or not an id", async () => {
    expect(await refusal(await sign({}, shared()))).toEqual([
      400,
      "Authorization token not found in shared token",
    ]);
    for (const payload of [{}, { sourcing_id: "5; drop" }, { sourcing_id: 1.5 }, { sourcing_id: null }]) {
      const token = await sign({ sourcing_id: await sign(payload, own()) }, shared());
      expect(await refusal(token)).toEqual([400, "source_id not found in authorization token"]);
    }
  });
});

describe("while a key is rotated", () => {
  const OLD = "the old key";
  const NEW = 'the [new] "key", with everything';
  const both = (...keys: string[]) => JSON.stringify(keys);
  const bytes = (text: string) => new TextEncoder().encode(text);

  afterEach(() => {
    process.env["PARMA_SHARED_SECRET_KEY"] = "shared secret of the tests";
    process.env["PARMA_ANALYTICS_SECRET_KEY"] = "analytics secret of the tests";
  });

  test("both shared keys are good, the first is preferred, and no third", async () => {
    process.env["PARMA_SHARED_SECRET_KEY"] = both(OLD, NEW);
    const tokens = await signModuleTokens(claims, { now: NOW, lifeSeconds: 60 });
    expect(tokens).toHaveLength(2);
    for (const token of tokens) await expect(verifyModuleToken(token, NOW)).resolves.toEqual(claims);
    const [preferred = "", other = ""] = tokens;
    await expect(jwtVerify(preferred, bytes(OLD), { currentDate: NOW })).resolves.toBeDefined();
    await expect(jwtVerify(other, bytes(NEW), { currentDate: NOW })).resolves.toBeDefined();
    const inner = await sign({ sourcing_id: 5 }, own());
    expect(await refusal(await sign({ sourcing_id: inner }, bytes("a third")))).toEqual([
      401,
      "Invalid shared token or expired token",
    ]);
    expect(await refusal(await sign({ sourcing_id: inner }, bytes(both(OLD, NEW))))).toMatchObject([
      401,
      expect.anything(),
    ]);
  });

  test("a token that is under way outlives each step, and not the last", async () => {
    const steps = [OLD, both(OLD, NEW), both(NEW, OLD), both(NEW)];
    const tokens: string[] = [];
    for (const step of steps) {
      process.env["PARMA_ANALYTICS_SECRET_KEY"] = step;
      tokens.push((await signModuleTokens(claims, { now: NOW, lifeSeconds: 60 }))[0]);
      // What functions signed that have taken the step before, or this one already.
      for (const token of tokens.slice(-2)) await verifyModuleToken(token, NOW);
    }
    expect(await refusal(tokens[0])).toEqual([401, "Invalid authorization token or expired token"]);
  });

  test.each(['["a", "b"', "[]", '["a", ""]', '["a", "b", "c"]', "[1]"])(
    "%s is no list of keys, and its error does not tell it",
    async (value) => {
      process.env["PARMA_SHARED_SECRET_KEY"] = value;
      const failed = await signModuleTokens(claims, { now: NOW, lifeSeconds: 60 }).catch(String);
      expect(failed).toContain("expected a key, or a JSON list");
      expect(failed).toContain("PARMA_SHARED_SECRET_KEY");
      expect(failed).not.toContain(value);
    },
  );
});
