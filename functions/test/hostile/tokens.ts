import { createHmac } from "node:crypto";
import { forged, unsigned } from "../e2e/calls.ts";
import type { Setting } from "./setting.ts";

const SHARED = "hostile-shared";
const OWN = "hostile-analytics";

/** A token of whatever header and payload, signed with HMAC. */
function hmac(header: object, payload: unknown, key: string): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const content = `${part(header)}.${part(payload)}`;
  return `${content}.${createHmac("sha256", key).update(content).digest("base64url")}`;
}

const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

/** Authorization headers that open nothing, by what is wrong, with their refusal. */
export async function hostileTokens({ source, token }: Setting): Promise<[string, string, string][]> {
  const [head = "", payload = "", signature = ""] = token.split(".");
  const inner = (claims: object) => forged({ sourcing_id: source, ...claims }, OWN);
  const around = (sourcing_id: unknown) => forged({ sourcing_id }, SHARED);
  const good = await inner({});
  const claims = { sourcing_id: good, exp: inAnHour() };
  const bare = (header: object, body: unknown = claims, key = SHARED) =>
    hmac({ alg: "HS256", ...header }, body, key);
  const noTokens: [string, string][] = [
    ["a word", "x"],
    ["two dots", ".."],
    ["a thousand dots", ".".repeat(1000)],
    ["five parts", `${token}.x.y`],
    ["an empty signature", `${head}.${payload}.`],
    ["a signature cut off", `${head}.${payload}.${signature.slice(0, -2)}`],
    ["a signature with more behind", `${token}AAAA`],
    ["another payload", `${head}.${good.split(".")[1]}.${signature}`],
    ["an empty header", `.${payload}.${signature}`],
    ["padding", `${head}=.${payload}=.${signature}=`],
    ["two tokens", `${token}, Bearer ${token}`],
    ["12,000 characters", "x".repeat(12_000)],
    ["a JSON text", JSON.stringify({ sourcing_id: source })],
    ["what every object has", "constructor"],
    ["bytes", "\u00ff\u00fe"],
    ["another scheme", `Basic ${Buffer.from("admin:admin").toString("base64")}`],
    ["no algorithm", unsigned({ sourcing_id: good })],
    ["no algorithm in capitals", bare({ alg: "NONE" })],
    ["another algorithm's name", bare({ alg: "HS512" })],
    ["a public key's algorithm", bare({ alg: "RS256" })],
    ["an algorithm that is a list", bare({ alg: ["HS256"] })],
    ["an algorithm that is nothing", bare({ alg: null })],
    [
      "a key of its own",
      bare({ jwk: { kty: "oct", k: Buffer.from("own").toString("base64url") } }, claims, "own"),
    ],
    ["a key elsewhere", bare({ jku: "http://127.0.0.1:9/keys", kid: "../../dev/null" }, claims, "")],
    ["the key of nothing", bare({}, claims, "\0")],
    ["a critical header that is unknown", bare({ crit: ["x"], x: 1 })],
    ["a payload that is not encoded", bare({ crit: ["b64"], b64: false })],
    ["the layers swapped", await forged({ sourcing_id: await forged({ sourcing_id: source }, SHARED) }, OWN)],
    ["the inner layer alone", good],
    ["an inner layer that we did not sign", await around(await forged({ sourcing_id: source }, SHARED))],
    ["an inner layer without algorithm", await around(unsigned({ sourcing_id: source }))],
    ["three layers", await around(token)],
    ["an empty inner layer", await around("")],
    ["expired", await forged(claims, SHARED, -60)],
    ["expired inside", await around(await forged({ sourcing_id: source }, OWN, -60))],
    ["without an expiry", await forged({ sourcing_id: good }, SHARED, null)],
    ["an expiry in words", bare({}, { ...claims, exp: "2999-01-01" })],
    ["an expiry that is nothing", bare({}, { ...claims, exp: null })],
    ["an expiry that is a list", bare({}, { ...claims, exp: [inAnHour()] })],
    ["not valid yet", bare({}, { ...claims, nbf: inAnHour() })],
    ["a payload that is a list", bare({}, [claims])],
    ["a payload that is a number", bare({}, 1)],
    ["a payload that is nothing", bare({}, null)],
  ];
  const wrongIds = [0, -1, 1.5, 2_147_483_648, 2 ** 53, 1e300, "1", "", true, null, [1], {}];
  const noClaims = [
    ...[1, true, null, ["x"], {}, undefined].map((it) => around(it)),
    ...wrongIds.map(async (id) => around(await inner({ sourcing_id: id }))),
    ...wrongIds.map(async (id) => around(await inner({ task_id: id }))),
    ...wrongIds.map(async (id) => around(await inner({ company_id: id }))),
    ...wrongIds.map(async (id) => around(await inner({ attempt: id }))),
  ];
  return [
    ["nothing", "", "401 missing_token"],
    ["no token", "Bearer", "401 invalid_token"],
    ["white space", "Bearer  \t ", "401 invalid_token"],
    ...noTokens.map(([what, it]): [string, string, string] => [what, `Bearer ${it}`, "401 invalid_token"]),
    ...(await Promise.all(noClaims)).map((it, index): [string, string, string] => [
      `wrong claims ${index}`,
      it,
      "400 invalid_token_payload",
    ]),
  ];
}

/** Tokens that make nobody an operator, with their refusal. */
export async function hostileOperatorTokens(setting: Setting): Promise<[string, string, string][]> {
  const { operators, token } = setting;
  const [head = "", payload = ""] = operators.token.split(".");
  const decoded: unknown = JSON.parse(Buffer.from(payload, "base64url").toString());
  const withClaims = async (what: string, claims: object, refusal = "401 invalid_token") =>
    [what, await operators.tokenWith(claims), refusal] satisfies [string, string, string];
  const forgeries: [string, string][] = [
    ["a module's", token],
    ["without algorithm", unsigned(Object(decoded))],
    ["without signature", `${head}.${payload}.`],
    ["signed with the public key", hmac({ alg: "HS256", kid: "one" }, decoded, operators.publicKey)],
    ["another key's name", hmac({ alg: "RS256", kid: "two" }, decoded, "x")],
    ["no key's name", hmac({ alg: "RS256" }, decoded, "x")],
    ["what every object has", hmac({ alg: "RS256", kid: "__proto__" }, decoded, "x")],
    ["a key elsewhere", hmac({ alg: "RS256", kid: "one", jku: "http://127.0.0.1:9/" }, decoded, "x")],
    ["a word", "x"],
    ["12,000 characters", "x".repeat(12_000)],
    ["the emulator's", "emulator-only-operator-token"],
  ];
  return [
    ...forgeries.map(([what, it]): [string, string, string] => [what, it, "401 invalid_token"]),
    await withClaims("another project's", { aud: "other" }),
    await withClaims("another issuer's", { iss: "https://securetoken.google.com/other" }),
    await withClaims("without a user", { sub: "" }),
    await withClaims("with a user that is a list", { sub: ["a"] }),
    await withClaims("expired", { exp: 1 }),
    await withClaims("of the future", { iat: inAnHour() }),
    await withClaims("a user's who is none", { operator: undefined }, "403 forbidden"),
    ...(await Promise.all(
      ["true", 1, [true], {}, false, null].map((it) =>
        withClaims(`operator: ${JSON.stringify(it)}`, { operator: it }, "403 forbidden"),
      ),
    )),
    await withClaims(
      "a service account's",
      {
        iss: "https://accounts.google.com",
        aud: "https://parma.example",
        email: "robot@example.iam.gserviceaccount.com",
        email_verified: true,
      },
      "403 forbidden",
    ),
  ];
}
