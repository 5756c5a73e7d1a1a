import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { jwtVerify } from "jose";
import type { MiningRequest } from "../../domain/miningModule/miningModule.ts";
import { ModuleError } from "../../domain/miningModule/moduleError.ts";
import { verifyModuleToken } from "../../domain/miningModule/moduleToken.ts";
import { secureUrl, withScheme } from "./callModule.ts";
import { externalModule } from "./external.ts";

const NOW = new Date("2024-05-15T12:00:00Z");
const company = { id: 12, name: "Personio" };

interface Heard {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

let server: Server;
let heard: Heard[];
let answer: (response: ServerResponse) => void;

beforeAll(() => {
  process.env["PARMA_SHARED_SECRET_KEY"] = "shared secret of the tests";
  process.env["PARMA_ANALYTICS_SECRET_KEY"] = "analytics secret of the tests";
  process.env["MODULE_NETWORKS"] = "127.0.0.0/8";
});

beforeEach(async () => {
  heard = [];
  server = createServer(async (request, response) => {
    const { method, url, headers } = request;
    heard.push({ method, url, headers, body: await text(request) });
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function port(): number {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening");
  return address.port;
}

function module(endpoint = `http://127.0.0.1:${port()}/`) {
  return externalModule({ id: 5, name: "github", endpoint, additionalParams: null });
}

const answering = (status: number, body: unknown, headers: Record<string, string> = {}) => {
  answer = (response) => {
    response.writeHead(status, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(body));
  };
};

function request(overrides: Partial<MiningRequest> = {}): MiningRequest {
  return {
    taskId: 123,
    attempt: 2,
    company,
    identifiers: { handles: ["personio"] },
    signal: AbortSignal.timeout(5_000),
    now: NOW,
    tokenLifeSeconds: 360,
    ...overrides,
  };
}

async function failure(action: Promise<unknown>): Promise<ModuleError> {
  const error: unknown = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ModuleError) return error;
  throw new Error(`Expected a ModuleError, got ${String(error)}`);
}

describe("mining", () => {
  test("sends one company, with a token for it", async () => {
    answering(200, { task_id: 123 });
    await module().mine(request());
    expect(heard).toMatchObject([{ method: "POST", url: "/companies" }]);
    expect(heard[0]?.headers["content-type"]).toBe("application/json");
    expect(JSON.parse(heard[0]?.body ?? "")).toEqual({
      task_id: 123,
      companies: { "12": { handles: ["personio"] } },
    });
    await expect(verifyModuleToken(heard[0]?.headers.authorization, NOW)).resolves.toEqual({
      sourceId: 5,
      taskId: 123,
      companyId: 12,
      attempt: 2,
    });
  });

  test("asks a source that names its companies itself for all", async () => {
    answering(200, {});
    await module().mine(request({ company: undefined, identifiers: {} }));
    expect(JSON.parse(heard[0]?.body ?? "")).toEqual({ task_id: 123, companies: null });
  });

  test.each([
    ["http://127.0.0.1:PORT", "/companies"],
    ["http://127.0.0.1:PORT/", "/companies"],
    ["http://127.0.0.1:PORT/modules/github", "/modules/github/companies"],
  ])("the endpoint %s is called at %s", async (endpoint, url) => {
    answering(200, {});
    await module(endpoint.replace("PORT", String(port()))).mine(request());
    expect(heard[0]?.url).toBe(url);
  });

  test.each([
    ["127.0.0.1:PORT", "/companies"],
    ["localhost:PORT/modules/github", "/modules/github/companies"],
  ])("the endpoint %s has no scheme, and is called by http on this machine", async (endpoint, url) => {
    answering(200, {});
    await module(endpoint.replace("PORT", String(port()))).mine(request());
    expect(heard[0]?.url).toBe(url);
  });

  test.each([
    ["github.example.com", "https://github.example.com"],
    ["example.com:8443/x", "https://example.com:8443/x"],
    ["localhost.example.com", "https://localhost.example.com"],
    ["localhost:8000", "http://localhost:8000"],
    ["[::1]:8000/", "http://[::1]:8000/"],
    ["HTTP://example.com", "HTTP://example.com"],
    ["ftp://example.com", "ftp://example.com"],
  ])("the endpoint %s is read as %s", (endpoint, address) => {
    expect(withScheme(endpoint)).toBe(address);
  });

  test.each([
    [307, "https://m.example/companies", true],
    [301, "https://m.example:443/companies", true],
    [307, "https://other.example/companies", false],
    [307, "https://m.example/login", false],
    [307, "http://m.example/companies", false],
    [200, "https://m.example/companies", false],
    [307, null, false],
  ])("%d to %s: the same address over https is followed: %s", (status, location, isFollowed) => {
    const to = secureUrl(new URL("http://m.example/companies"), { status, location });
    expect(to !== undefined).toBe(isFollowed);
  });

  test.each([
    [429, { "Retry-After": "60" }, 60],
    [503, { "Retry-After": "2" }, 2],
    [429, {}, undefined],
    [500, { "Retry-After": "60" }, undefined],
  ])("%d with %p: called again after %p s", async (status, headers, seconds) => {
    answering(status, {}, { ...headers });
    expect((await failure(module().mine(request()))).retryAfterSeconds).toBe(seconds);
  });

  test.each([
    [200, "<!DOCTYPE html><html><body>Sign in</body></html>", "an HTML page"],
    [200, "", "nothing"],
    [204, "", "nothing"],
    [200, '{"task_id": 123}', '"{"task_id": 123}"'],
  ])("%d with %p is described as %s", async (status, body, described) => {
    answer = (response) => {
      response.writeHead(status).end(body);
    };
    await expect(module().mine(request())).resolves.toBe(described);
  });

  test.each([408, 429, 500, 502, 503])("%d may pass", async (status) => {
    answering(status, { detail: "Error in crawling" });
    expect(await failure(module().mine(request()))).toMatchObject({
      type: `HttpStatus${status}`,
      message: `The module answered ${status} to /companies: {"detail":"Error in crawling"}`,
      retryable: true,
    });
  });

  test.each([400, 401, 404, 422])("%d is final", async (status) => {
    answering(status, {});
    expect(await failure(module().mine(request()))).toMatchObject({ retryable: false });
  });

  test("a redirect is final: it would carry the token elsewhere", async () => {
    answering(307, {}, { Location: "http://127.0.0.1:1/companies" });
    expect(await failure(module().mine(request()))).toMatchObject({
      type: "HttpStatus307",
      retryable: false,
    });
    expect(heard).toHaveLength(1);
  });

  test("an endpoint in a network that must not be called is explained, and final", async () => {
    process.env["MODULE_NETWORKS"] = "";
    try {
      expect(await failure(module().mine(request()))).toMatchObject({
        type: "InvalidEndpoint",
        message: expect.stringContaining("127.0.0.1 is in no network that may be called"),
        retryable: false,
      });
      expect(heard).toEqual([]);
    } finally {
      process.env["MODULE_NETWORKS"] = "127.0.0.0/8";
    }
  });

  test("an answer that unpacks to more than anyone reads is given up", async () => {
    const packed = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    answer = (response) => {
      response.writeHead(200, { "Content-Encoding": "gzip" }).end(packed);
    };
    expect(await failure(module().mine(request()))).toMatchObject({
      type: "AnswerTooLarge",
      retryable: false,
    });
  });

  test("a module that hangs is given up in time, and may answer later", async () => {
    answer = () => {};
    const error = await failure(module().mine(request({ signal: AbortSignal.timeout(50) })));
    expect(error).toMatchObject({ type: "Timeout", retryable: true });
  });

  test("a connection that breaks may work later", async () => {
    answer = (response) => response.destroy();
    expect(await failure(module().mine(request()))).toMatchObject({ type: "Unreachable", retryable: true });
  });

  test.each(["", "ftp://example.com", "file:///etc/passwd", "not a url", "http://user:password@example.com"])(
    "the endpoint %p is explained, and final",
    async (endpoint) => {
      expect(await failure(module(endpoint).mine(request()))).toMatchObject({
        type: "InvalidEndpoint",
        retryable: false,
      });
    },
  );
});

describe("while the shared key is rotated", () => {
  afterEach(() => {
    process.env["PARMA_SHARED_SECRET_KEY"] = "shared secret of the tests";
  });

  /** A module that knows one key. */
  const knowing = (key: string) => {
    answer = (response) => {
      const token = heard.at(-1)?.headers.authorization?.replace("Bearer ", "") ?? "";
      jwtVerify(token, new TextEncoder().encode(key), { currentDate: NOW }).then(
        () => response.end("{}"),
        () => response.writeHead(401).end("{}"),
      );
    };
  };

  test.each([
    ["old", 1],
    ["new", 2],
  ])("a module that knows the %s key is called with it", async (key, calls) => {
    process.env["PARMA_SHARED_SECRET_KEY"] = '["old", "new"]';
    knowing(key);
    await module().mine(request());
    expect(heard).toHaveLength(calls);
    // What it feeds us with its token is let in.
    await expect(verifyModuleToken(heard.at(-1)?.headers.authorization, NOW)).resolves.toMatchObject({
      companyId: 12,
    });
  });

  test("a module that knows neither has refused, once each", async () => {
    process.env["PARMA_SHARED_SECRET_KEY"] = '["old", "new"]';
    knowing("another");
    expect(await failure(module().mine(request()))).toMatchObject({
      type: "HttpStatus401",
      retryable: false,
    });
    expect(heard).toHaveLength(2);
  });
});

describe("discovering", () => {
  test("asks for one company, and reads a validity without a zone as UTC", async () => {
    answering(200, {
      identifiers: { "12": { handles: ["personio", "personio-labs"] } },
      validity: "2024-11-11T12:34:56.789012",
    });
    await expect(module().discover(company, NOW)).resolves.toEqual({
      identifiers: { handles: ["personio", "personio-labs"] },
      validity: new Date("2024-11-11T12:34:56.789Z"),
    });
    expect(heard[0]).toMatchObject({ method: "POST", url: "/discover" });
    expect(JSON.parse(heard[0]?.body ?? "")).toEqual([{ company_id: "12", name: "Personio" }]);
  });

  test("a module that leaves the company out has found nothing", async () => {
    answering(200, { identifiers: {}, validity: "2024-11-11T12:34:56" });
    await expect(module().discover(company, NOW)).resolves.toMatchObject({ identifiers: {} });
  });

  test("an answer of another shape is explained, and final", async () => {
    answering(200, { identifiers: { "12": ["personio"] }, validity: "soon" });
    const error = await failure(module().discover(company, NOW));
    expect(error).toMatchObject({ type: "InvalidAnswer", retryable: false });
    expect(error.message).toContain("validity");
  });
});

test("a handshake names the source, and reads what Python's repr wrote", async () => {
  answering(
    200,
    JSON.stringify({
      frequency: "weekly",
      normalization_map:
        "{'Source': 'github', 'Mappings': [{'SourceField': 'name', 'DataType': 'text', 'MeasurementName': 'company name', 'source_measurement_id': 38}]}",
    }),
  );
  await expect(module().describe(NOW)).resolves.toMatchObject({
    frequency: "weekly",
    map: { Source: "github", Mappings: [{ SourceField: "name", DataType: "text" }] },
  });
  expect(heard[0]).toMatchObject({ method: "GET", url: "/initialize?source_id=5" });
  await expect(verifyModuleToken(heard[0]?.headers.authorization, NOW)).resolves.toEqual({ sourceId: 5 });
});

describe("a CRM's list", () => {
  test("is read entry by entry: an odd one costs none of the others", async () => {
    answering(200, [{ name: "First" }, null, { name: 5 }, { name: " ", domains: ["last.com"] }]);
    await expect(module().listCompanies?.(NOW)).resolves.toEqual({
      companies: [
        { name: "First", domains: [] },
        { name: " ", domains: ["last.com"] },
      ],
      refused: [expect.stringMatching(/^entry 2: .*null/), expect.stringMatching(/^entry 3: .*name/s)],
    });
  });

  test("that is none is final", async () => {
    answering(200, { companies: [] });
    await expect(module().listCompanies?.(NOW)).rejects.toMatchObject({
      type: "InvalidAnswer",
      retryable: false,
    });
  });
});

describe("what a module answers is cut in the error about it", () => {
  test.each([
    ["a refusal", 500, "x".repeat(200_000)],
    ["a discovery of wrong identifiers", 200, { identifiers: { 12: Array(50_000).fill(1) }, validity: "x" }],
    ["a long name in a path", 200, { identifiers: { ["x".repeat(200_000)]: 1 }, validity: "2024-05-01" }],
  ])("%s", async (_what, status, body) => {
    answering(status, body);
    const error = await module()
      .discover(company, NOW)
      .catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(ModuleError);
    expect(String(error).length).toBeLessThan(1100);
  });

  test("and can be stored, with whatever it is made of", () => {
    const { message } = new ModuleError("X", `\0${"\ud83d\ude00".repeat(2000)}`, { retryable: false });
    expect(message).toMatch(/^\ufffd/);
    expect(message.isWellFormed()).toBe(true);
    expect(message.length).toBeLessThanOrEqual(1001);
  });
});
