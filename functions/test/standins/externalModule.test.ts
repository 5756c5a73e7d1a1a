import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { signModuleTokens } from "../../src/domain/miningModule/moduleToken.ts";
import { decodeHandshake } from "../../src/domain/normalizationMap/decodeHandshake.ts";
import { CrawlingError, startExternalModule } from "./externalModule.ts";
import { type Answer, bodyOf, type HttpServer, serveHttp } from "./httpServer.ts";
import { pythonRepr } from "./moduleProtocol.ts";

const sharedSecret = "the-shared-secret";

const mappings = [
  { SourceField: "name", DataType: "text", MeasurementName: "company name" },
  {
    SourceField: "repos",
    DataType: "nested",
    MeasurementName: "repositories",
    NestedMappings: [{ SourceField: "stars", DataType: "int", MeasurementName: "stars" }],
  },
  { SourceField: "url", DataType: "link", MeasurementName: "page" },
];

interface Received {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

let analytics: HttpServer;
let stub: HttpServer;
let received: Received[];
let answers: (path: string) => Answer;
let token: string;

beforeEach(async () => {
  process.env.PARMA_SHARED_SECRET_KEY = sharedSecret;
  process.env.PARMA_ANALYTICS_SECRET_KEY = "our-own-secret";
  received = [];
  answers = () => ({ status: 201, body: { id: 100 + received.length } });
  analytics = await serveHttp(async (request, { pathname }) => {
    const body: unknown = JSON.parse(await bodyOf(request));
    received.push({ path: pathname, authorization: request.headers.authorization, body });
    return answers(pathname);
  });
  stub = await startExternalModule({
    name: "stub",
    frequency: "daily",
    mappings,
    analyticsUrl: `${analytics.url}/a/path/that/is/dropped`,
    sharedSecret,
    discover: (name) => ({ handles: [name.toLowerCase()] }),
    crawl: async (property, handle) => {
      if (handle === "broken") throw new CrawlingError(`Error fetching ${handle}`);
      if (handle === "bug") throw new TypeError("not a crawling error");
      return { property, handle };
    },
  });
  token = await tokenOf(new Date());
});

afterEach(async () => {
  await stub.stop();
  await analytics.stop();
});

async function tokenOf(now: Date): Promise<string> {
  const [token] = await signModuleTokens({ sourceId: 5 }, { now, lifeSeconds: 60 });
  return token;
}

async function call(path: string, options: { body?: unknown; authorization?: string | undefined } = {}) {
  const authorization = "authorization" in options ? options.authorization : `Bearer ${token}`;
  const response = await fetch(stub.url + path, {
    method: options.body === undefined ? "GET" : "POST",
    headers: authorization === undefined ? {} : { authorization },
    body: options.body === undefined ? null : JSON.stringify(options.body),
  });
  return { status: response.status, text: await response.text() };
}

describe("the stand-in for an external module", () => {
  test("greets without a token", async () => {
    const greeting = await call("/", { authorization: undefined });
    expect(greeting).toEqual({ status: 200, text: '{"welcome":"at parma-mining-stub"}' });
  });

  test.each([
    ["no token", async () => undefined, "Authorization header is required!"],
    [
      "an expired token",
      () => tokenOf(new Date(Date.now() - 120_000)),
      "Invalid shared token or expired token",
    ],
    ["a changed token", async () => `${token}x`, "Invalid shared token or expired token"],
    ["no JWT", async () => "Bearer abc", "Invalid shared token or expired token"],
  ])("answers 401 to %s", async (_what, authorization, detail) => {
    const refusal = await call("/initialize?source_id=5", { authorization: await authorization() });
    expect(refusal).toEqual({ status: 401, text: JSON.stringify({ detail }) });
    expect(received).toEqual([]);
  });

  test("registers its measurements one after the other, a parent before its children", async () => {
    const answer = await call("/initialize?source_id=5");

    expect(received.map(({ body }) => body)).toEqual([
      { source_module_id: 5, type: "text", measurement_name: "company name" },
      { source_module_id: 5, type: "nested", measurement_name: "repositories" },
      { source_module_id: 5, type: "int", measurement_name: "stars", parent_measurement_id: 102 },
      { source_module_id: 5, type: "link", measurement_name: "page" },
    ]);
    expect(received.every(({ authorization }) => authorization === `Bearer ${token}`)).toBe(true);
    // JSON in a JSON string, with a Python literal inside.
    expect(answer.text).toContain("'DataType': 'nested'");
    expect(answer.text).toContain("'source_measurement_id': 102");
    expect(decodeHandshake(answer.text)).toMatchObject({ frequency: "daily", map: { Source: "stub" } });
  });

  test("answers 500 where a measurement is refused, and 422 without a source", async () => {
    answers = () => ({ status: 403, body: { detail: "no" } });
    expect((await call("/initialize?source_id=5")).status).toBe(500);
    expect((await call("/initialize")).status).toBe(422);
  });

  test("discovers", async () => {
    const answer = await call("/discover", { body: [{ company_id: "12", name: "Personio" }] });
    expect(JSON.parse(answer.text)).toEqual({
      identifiers: { 12: { handles: ["personio"] } },
      validity: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/),
    });
  });

  test("feeds what it finds, then reports, and answers what it was answered", async () => {
    const companies = { 12: { handles: ["personio", "broken"] }, 13: { name: ["langfuse"] } };
    const answer = await call("/companies", { body: { task_id: 7, companies } });

    const feed = (company_id: string, property: string, handle: string) => ({
      path: "/feed-raw-data",
      authorization: `Bearer ${token}`,
      body: { source_name: "stub", company_id, raw_data: { property, handle } },
    });
    expect(received).toEqual([
      feed("12", "handles", "personio"),
      feed("13", "name", "langfuse"),
      {
        path: "/crawling-finished",
        authorization: `Bearer ${token}`,
        body: {
          task_id: 7,
          errors: { 12: { error_type: "CrawlingError", error_description: "Error fetching broken" } },
        },
      },
    ]);
    expect(answer).toEqual({ status: 200, text: '{"id":103}' });
  });

  test("reports a feed that was refused", async () => {
    answers = (path) => ({ status: path === "/feed-raw-data" ? 413 : 201, body: { detail: "too large" } });
    await call("/companies", { body: { task_id: 7, companies: { 12: { handles: ["personio"] } } } });
    expect(received.at(-1)?.body).toEqual({
      task_id: 7,
      errors: {
        12: {
          error_type: "AnalyticsError",
          error_description: 'API request failed with status code 413,response: {"detail":"too large"}',
        },
      },
    });
  });

  test("reports nothing after an error that it does not expect", async () => {
    const answer = await call("/companies", {
      body: { task_id: 7, companies: { 12: { handles: ["personio", "bug"] } } },
    });
    expect(answer.status).toBe(500);
    expect(received.map(({ path }) => path)).toEqual(["/feed-raw-data"]);
  });
});

test.each([
  [{ a: null, b: [true, 1.5] }, "{'a': None, 'b': [True, 1.5]}"],
  ["it's", `"it's"`],
  [`it's "it"`, `'it\\'s "it"'`],
  ["a\\b\n", "'a\\\\b\\n'"],
])("Python prints %j as %s", (value, printed) => {
  expect(pythonRepr(value)).toBe(printed);
});
