import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { UserError } from "../userError.ts";
import { parseParams, tryModule } from "./tryModule.ts";

const SECRET = "a shared secret that is long enough for everyone";

beforeAll(() => {
  process.env["FUNCTIONS_EMULATOR"] = "true";
  process.env["PARMA_SHARED_SECRET_KEY"] = SECRET;
});

const open: { close(): void }[] = [];
afterEach(() => {
  for (const it of open.splice(0)) it.close();
});

type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<unknown> | unknown;

/** Serves JSON on a free port. */
async function serve(answer: Answer): Promise<string> {
  const server = createServer(async (request, response) => {
    const body = await Promise.resolve(answer(request, response)).catch((error: unknown) => {
      response.statusCode = 500;
      return { detail: String(error) };
    });
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify(body));
  });
  open.push({
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${portOf(server)}`;
}

const portOf = (server: Server) => z.object({ port: z.int() }).parse(server.address()).port;

/** A currently free port. */
async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const port = portOf(server);
  server.close();
  await once(server, "close");
  return port;
}

const request = (module: string, port: number) => ({
  module,
  company: { name: "Acme" },
  port,
  now: new Date(),
});

describe("an external module", () => {
  const map = {
    Source: "shop",
    Mappings: [
      { SourceField: "stars", DataType: "int", MeasurementName: "stars" },
      {
        SourceField: "reviews",
        DataType: "nested",
        MeasurementName: "reviews",
        NestedMappings: [{ SourceField: "text", DataType: "comment", MeasurementName: "review text" }],
      },
    ],
  };

  interface Behaviour {
    readonly identifiers?: Record<string, string[]>;
    readonly feeds?: readonly object[];
    readonly errors?: object;
    readonly token?: string;
  }

  /** Implements the module contract and calls back on `port`. */
  function module(
    port: number,
    { identifiers = { handles: ["acme"] }, feeds = [], errors = {}, token }: Behaviour,
  ) {
    return serve(async (incoming, response) => {
      const { authorization = "" } = incoming.headers;
      const call = async (path: string, body: object) => {
        const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
          method: "POST",
          headers: { Authorization: token ?? authorization },
          body: JSON.stringify(body),
        });
        return answer.status;
      };
      if (incoming.url === "/initialize?source_id=1") {
        const asked = { source_module_id: 1, type: "int", measurement_name: "stars" };
        expect(await call("/source-measurement", asked)).toBe(201);
        return JSON.stringify({ frequency: "daily", normalization_map: map });
      }
      if (incoming.url === "/discover") return { identifiers: { "1": identifiers }, validity: "2124-12-01" };
      if (incoming.url !== "/companies") throw new Error(`Asked for ${incoming.url}`);
      const asked = z.object({ task_id: z.int(), companies: z.unknown() }).parse(await json(incoming));
      for (const feed of feeds)
        response.statusCode = (await call("/feed-raw-data", feed)) === 201 ? 200 : 500;
      await call("/crawling-finished", { task_id: asked.task_id, errors });
      return { ...asked, errors };
    });
  }

  test("shows what it finds, files and measures", async () => {
    const port = await freePort();
    const raw_data = { stars: 12, reviews: [{ text: "Fine" }, { text: 5 }] };
    const endpoint = await module(port, {
      feeds: [{ source_name: "shop", company_id: "1", raw_data, observed_at: "2024-05-01" }],
    });
    const observedAt = new Date("2024-05-01T00:00:00Z");
    expect(await tryModule(request(endpoint, port))).toEqual({
      identifiers: [{ property: "handles", value: "acme" }],
      documents: [{ observedAt, rawData: raw_data }],
      values: [
        { document: 0, measurement: "stars", type: "int", item: "", path: "stars", value: 12, observedAt },
        expect.objectContaining({ measurement: "review text", type: "comment", value: "Fine" }),
        expect.objectContaining({ measurement: "review text", type: "comment", value: "5" }),
      ],
      issues: [],
    });
  });

  test("lists values that do not fit their type", async () => {
    const port = await freePort();
    const endpoint = await module(port, { feeds: [{ raw_data: { stars: "many" } }] });
    const { values, issues } = await tryModule(request(endpoint, port));
    expect(values).toEqual([]);
    expect(issues).toEqual([
      { document: 0, path: "stars", expected: expect.any(String), received: '"many"' },
    ]);
  });

  test("an identifier of another site is refused, and the module is not called with it", async () => {
    const port = await freePort();
    const endpoint = await module(port, {
      identifiers: { urls: ["not an address"] },
      feeds: [{ raw_data: {} }],
    });
    const trial = await tryModule(request(endpoint, port));
    expect(trial.identifiers).toEqual([
      { property: "urls", value: "not an address", problem: "it is not an http(s) address" },
    ]);
    expect(trial).toMatchObject({ documents: [], reason: expect.stringContaining("NoIdentifiers") });
  });

  test("given identifiers are mined without discovery", async () => {
    const port = await freePort();
    const endpoint = await module(port, { identifiers: {}, feeds: [{ raw_data: { stars: 1 } }] });
    const trial = await tryModule({ ...request(endpoint, port), identifiers: { handles: ["other"] } });
    expect(trial).toMatchObject({ identifiers: [{ property: "handles", value: "other" }], documents: [{}] });
  });

  test.each([
    [
      "nothing, and says nothing",
      {},
      /fed nothing to http:\/\/127\.0\.0\.1:\d+\. Is that its ANALYTICS_BASE_URL\?/,
    ],
    [
      "nothing, and reports an error",
      { errors: { "1": { error_type: "CrawlingError", error_description: "no such page" } } },
      /^CrawlingError: no such page$/,
    ],
    ["with a token of its own", { feeds: [{ raw_data: { stars: 1 } }], token: "Bearer x" }, /HttpStatus500/],
    ["no object", { feeds: [{ raw_data: [1] }] }, /HttpStatus500/],
  ])("that files %s gives the reason", async (_, behaviour, reason) => {
    const port = await freePort();
    const trial = await tryModule(request(await module(port, behaviour), port));
    expect(trial).toMatchObject({ documents: [], values: [], reason: expect.stringMatching(reason) });
  });

  test("that cannot be reached gives the reason", async () => {
    const port = await freePort();
    const trial = await tryModule(request(`http://127.0.0.1:${await freePort()}`, port));
    expect(trial).toMatchObject({ documents: [], reason: expect.stringContaining("Unreachable") });
  });
});

test("a built-in module runs without a database, from the first row of its file", async () => {
  const folder = mkdtempSync(join(tmpdir(), "blobs-"));
  open.push({ close: () => rmSync(folder, { recursive: true }) });
  mkdirSync(join(folder, "history"));
  writeFileSync(
    join(folder, "history/staff.csv"),
    "company,date,staff\nAcme,2024-01-01,10\nAcme,2024-02-01,12\n",
  );
  process.env["BLOB_STORE"] = pathToFileURL(folder).href;
  const params = { file: "staff.csv", companyColumn: "company", dateColumn: "date" };
  const trial = await tryModule({ ...request("history", 0), params });
  expect(trial).toMatchObject({
    identifiers: [{ property: "key", value: "Acme" }],
    documents: [{ observedAt: new Date("2024-01-01") }, { observedAt: new Date("2024-02-01") }],
    values: [
      { document: 0, measurement: "staff", value: 10 },
      { document: 1, measurement: "staff", value: 12 },
    ],
  });
});

test("an unknown name lists the built-in modules", async () => {
  const failed = tryModule(request("nosuch", 0));
  await expect(failed).rejects.toThrow(UserError);
  await expect(failed).rejects.toThrow("github, history");
});

test("params that are not JSON are refused", () => {
  expect(parseParams('{"file":"a.csv"}')).toEqual({ file: "a.csv" });
  expect(() => parseParams("file=a.csv")).toThrow(UserError);
});

describe("examples/wikipedia", () => {
  /** A stand-in for the parts of Wikipedia and Wikimedia that the example uses. */
  const wikimedia = () =>
    serve((incoming) => {
      const { pathname, searchParams } = new URL(incoming.url ?? "/", "http://localhost");
      if (pathname === "/w/api.php") {
        return [
          searchParams.get("search"),
          searchParams.get("search") === "Personio" ? ["Personio"] : [],
          [],
          [],
        ];
      }
      return {
        items: [{ article: /en\.wikipedia\/all-access\/user\/([^/]+)/.exec(pathname)?.[1], views: 321 }],
      };
    });

  async function startExample(analyticsPort: number): Promise<string> {
    const [port, url] = [await freePort(), await wikimedia()];
    const example: ChildProcess = spawn(
      process.execPath,
      [join(__dirname, "../../examples/wikipedia/wikipedia.ts")],
      {
        env: {
          PORT: String(port),
          ANALYTICS_BASE_URL: `http://127.0.0.1:${analyticsPort}`,
          PARMA_SHARED_SECRET_KEY: SECRET,
          WIKIPEDIA_URL: url,
          WIKIMEDIA_URL: url,
        },
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    open.push({ close: () => example.kill() });
    if (example.stdout === null) throw new Error("The example has no output");
    await once(example.stdout, "data");
    return `http://127.0.0.1:${port}/`;
  }

  test("is a complete module: it finds, files and measures a company", async () => {
    const port = await freePort();
    const endpoint = await startExample(port);
    const found = await tryModule({ ...request(endpoint, port), company: { name: "Personio" } });
    expect(found).toMatchObject({
      identifiers: [{ property: "articles", value: "Personio" }],
      documents: [{ rawData: { article: "Personio", views: 321 } }],
      values: [{ measurement: "daily article views", type: "int", value: 321 }],
      issues: [],
    });
    expect(found.reason).toBeUndefined();

    const unknown = await tryModule({ ...request(endpoint, port), company: { name: "Nobody" } });
    expect(unknown).toMatchObject({
      documents: [],
      reason: expect.stringContaining('no identifier for "Nobody"'),
    });
  });

  test("answers 401 without a token signed by its key", async () => {
    const endpoint = await startExample(await freePort());
    for (const headers of [{}, { Authorization: "Bearer x" }]) {
      expect((await fetch(`${endpoint}initialize?source_id=1`, { headers })).status).toBe(401);
    }
  });
});
