import { createServer, type Server } from "node:http";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { createRemoteJWKSet, exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { z } from "zod";
import { operators, verifyOperator } from "./operator.ts";

const NOW = new Date("2026-05-15T12:00:00Z");
const seconds = (offset: number) => NOW.getTime() / 1000 + offset;
const PROJECT = "parma-prod";
const PUBLIC_URL = "https://parma-prod.web.app";
const ROBOT = "robot@parma-prod.iam.gserviceaccount.com";

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

let google: Server;
let keysUrl: URL;
let first: KeyPair;
let second: KeyPair;
/** What the stand-in of Google's servers publishes, by kid; undefined while they are down. */
let published: Record<string, KeyPair["publicKey"]> | undefined;

beforeAll(async () => {
  first = await generateKeyPair("RS256", { extractable: true });
  second = await generateKeyPair("RS256", { extractable: true });
  google = createServer(async (_request, response) => {
    if (published === undefined) return void response.writeHead(503).end();
    const keys = Object.entries(published).map(async ([kid, key]) => ({
      ...(await exportJWK(key)),
      kid,
      alg: "RS256",
      use: "sig",
    }));
    response.end(JSON.stringify({ keys: await Promise.all(keys) }));
  });
  await new Promise<void>((resolve) => google.listen(0, "127.0.0.1", resolve));
  const { port } = z.object({ port: z.number() }).parse(google.address());
  keysUrl = new URL(`http://127.0.0.1:${port}/keys`);
});

afterAll(() => {
  google.closeAllConnections();
  google.close();
});

beforeEach(() => {
  published = { one: first.publicKey };
});

const userToken = {
  iss: `https://securetoken.google.com/${PROJECT}`,
  aud: PROJECT,
  sub: "uid-of-ada",
  iat: seconds(-60),
  exp: seconds(3540),
  auth_time: seconds(-600),
  operator: true,
};

const robotToken = {
  iss: "https://accounts.google.com",
  aud: PUBLIC_URL,
  sub: "1234567890",
  iat: seconds(-60),
  exp: seconds(3540),
  email: ROBOT,
  email_verified: true,
};

function signed(claims: object, { key = first.privateKey, header = {} } = {}): Promise<string> {
  return new SignJWT({ ...claims }).setProtectedHeader({ alg: "RS256", kid: "one", ...header }).sign(key);
}

/** As in a process that has seen no keys yet, and asks for others at once. */
function check(token: string) {
  const keys = () => createRemoteJWKSet(keysUrl, { cooldownDuration: 0 });
  const settings = { projectId: PROJECT, publicUrl: `${PUBLIC_URL}/`, serviceAccounts: [ROBOT] };
  return verifyOperator(token, { ...settings, userKeys: keys(), serviceKeys: keys() }, NOW);
}

test("a user with the claim is an operator", async () => {
  await expect(check(await signed(userToken))).resolves.toEqual({ id: "user:uid-of-ada" });
});

test.each([PUBLIC_URL, `${PUBLIC_URL}/`])("a listed service account is, with a token for %s", async (aud) => {
  await expect(check(await signed({ ...robotToken, aud }))).resolves.toEqual({ id: `service:${ROBOT}` });
});

const without = (claim: string, claims: object) =>
  Object.fromEntries(Object.entries(claims).filter(([name]) => name !== claim));

describe("a token that is not good", () => {
  const rows: [string, () => Promise<string> | string][] = [
    ["is no token", () => "personio"],
    ["has no signature", () => new UnsecuredJWT({ ...userToken }).encode()],
    [
      "says alg none with a kid",
      async () => {
        const [, payload] = (await signed(userToken)).split(".");
        return `${Buffer.from('{"alg":"none","kid":"one"}').toString("base64url")}.${payload}.`;
      },
    ],
    [
      "is signed with the public key as if it were a secret",
      async () =>
        new SignJWT(userToken)
          .setProtectedHeader({ alg: "HS256", kid: "one" })
          .sign(new TextEncoder().encode(await exportSPKI(first.publicKey))),
    ],
    ["is signed with another key of the same name", () => signed(userToken, { key: second.privateKey })],
    ["names a key that is not published", () => signed(userToken, { header: { kid: "two" } })],
    ["names no key", () => signed(userToken, { header: { kid: undefined } })],
    [
      "brings its own key",
      async () =>
        signed(userToken, {
          key: second.privateKey,
          header: { kid: "two", jwk: await exportJWK(second.publicKey) },
        }),
    ],
    ["says where its key is", () => signed(userToken, { header: { kid: "two", jku: keysUrl.href } })],
    [
      "was changed after it was signed",
      async () => {
        const [header, , signature] = (await signed({ ...userToken, operator: false })).split(".");
        const payload = Buffer.from(JSON.stringify(userToken)).toString("base64url");
        return `${header}.${payload}.${signature}`;
      },
    ],
    ["has expired", () => signed({ ...userToken, exp: seconds(-60) })],
    ["never expires", () => signed(without("exp", userToken))],
    ["lives for a year", () => signed({ ...userToken, iat: seconds(-86_400), exp: seconds(31_536_000) })],
    ["is from the future", () => signed({ ...userToken, iat: seconds(60) })],
    ["is not valid yet", () => signed({ ...userToken, nbf: seconds(60) })],
    ["is of a login in the future", () => signed({ ...userToken, auth_time: seconds(60) })],
    ["is of no login", () => signed(without("auth_time", userToken))],
    ["is of nobody", () => signed({ ...userToken, sub: "" })],
    [
      "is another project's",
      () => signed({ ...userToken, iss: "https://securetoken.google.com/other", aud: "other" }),
    ],
    ["is for another project", () => signed({ ...userToken, aud: "other" })],
    ["is for several", () => signed({ ...userToken, aud: ["other"] })],
    ["has another issuer", () => signed({ ...userToken, iss: "https://accounts.example.com" })],
    ["has no issuer", () => signed(without("iss", userToken))],
    ["is a service account's for elsewhere", () => signed({ ...robotToken, aud: "https://example.com" })],
    ["is a service account's for the project", () => signed({ ...robotToken, aud: PROJECT })],
    ["is a service account's that has expired", () => signed({ ...robotToken, exp: seconds(-60) })],
  ];

  test.each(rows)("one that %s", async (_what, token) => {
    await expect(check(await token())).rejects.toMatchObject({ status: 401, code: "invalid_token" });
  });
});

describe("who is known, and no operator", () => {
  test.each<[string, object]>([
    ["a user without the claim", without("operator", userToken)],
    ["a user whose claim is a string", { ...userToken, operator: "true" }],
    ["a user whose claim is a number", { ...userToken, operator: 1 }],
    ["another service account", { ...robotToken, email: "x@parma-prod.iam.gserviceaccount.com" }],
    ["a service account with the users' claim", { ...robotToken, email: "x@example.com", operator: true }],
    ["an email that nobody has verified", { ...robotToken, email_verified: false }],
    ["an email that says that it is verified", { ...robotToken, email_verified: "true" }],
    ["a service account without an email", without("email", robotToken)],
    ["an email in capitals", { ...robotToken, email: ROBOT.toUpperCase() }],
  ])("%s", async (_who, claims) => {
    await expect(check(await signed(claims))).rejects.toMatchObject({ status: 403, code: "forbidden" });
  });
});

describe("keys", () => {
  const settings = () => ({
    projectId: PROJECT,
    publicUrl: PUBLIC_URL,
    serviceAccounts: [],
    userKeys: createRemoteJWKSet(keysUrl, { cooldownDuration: 0 }),
    serviceKeys: createRemoteJWKSet(keysUrl),
  });

  test("are fetched anew when they are rotated, and the old one ends", async () => {
    const known = settings();
    const old = await signed(userToken);
    await expect(verifyOperator(old, known, NOW)).resolves.toBeDefined();
    published = { two: second.publicKey };
    const fresh = await signed(userToken, { key: second.privateKey, header: { kid: "two" } });
    await expect(verifyOperator(fresh, known, NOW)).resolves.toBeDefined();
    await expect(verifyOperator(old, known, NOW)).rejects.toMatchObject({ status: 401 });
  });

  test("that cannot be fetched are our trouble, and for a while only", async () => {
    const known = settings();
    const token = await signed(userToken);
    published = undefined;
    await expect(verifyOperator(token, known, NOW)).rejects.toMatchObject({
      status: 503,
      code: "unavailable",
    });
    published = { one: first.publicKey };
    await expect(verifyOperator(token, known, NOW)).resolves.toBeDefined();
  });
});

describe("the Authorization header", () => {
  const environment = { GCLOUD_PROJECT: PROJECT, PUBLIC_URL, OPERATOR_SERVICE_ACCOUNTS: `a@b.de, ${ROBOT}` };
  const TOKEN = "operator-token-of-the-tests";
  let before: NodeJS.ProcessEnv;
  beforeEach(() => {
    before = { ...process.env };
    Object.assign(process.env, environment, {
      USER_TOKEN_KEYS_URL: keysUrl.href,
      SERVICE_TOKEN_KEYS_URL: keysUrl.href,
      OPERATOR_TOKEN: TOKEN,
    });
  });
  afterEach(() => {
    process.env = before;
  });

  test("opens with either token", async () => {
    await expect(operators.authorize(`Bearer ${await signed(userToken)}`, NOW, {})).resolves.toEqual({
      id: "user:uid-of-ada",
    });
    await expect(operators.authorize(`bearer  ${await signed(robotToken)} `, NOW, {})).resolves.toEqual({
      id: `service:${ROBOT}`,
    });
  });

  test.each([undefined, "", "Bearer ", TOKEN, `Basic ${TOKEN}`, "Bearer two words"])(
    "%p is none",
    async (authorization) => {
      await expect(operators.authorize(authorization, NOW, {})).rejects.toMatchObject({
        status: 401,
        code: "missing_token",
      });
    },
  );

  test("the emulator's token opens the emulator, and nothing else", async () => {
    await expect(operators.authorize(`Bearer ${TOKEN}`, NOW, {})).rejects.toMatchObject({ status: 401 });
    process.env["FUNCTIONS_EMULATOR"] = "true";
    await expect(operators.authorize(`Bearer ${TOKEN}`, NOW, {})).resolves.toEqual({ id: "emulator" });
    await expect(operators.authorize(`Bearer ${TOKEN}x`, NOW, {})).rejects.toMatchObject({
      status: 401,
      code: "invalid_token",
    });
  });
});
