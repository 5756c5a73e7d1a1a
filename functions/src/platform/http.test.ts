import { once } from "node:events";
import { createServer, request as httpRequest, type Server } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { logger } from "firebase-functions/logger";
import { z } from "zod";
import { ApiError } from "./apiError.ts";
import { anyone, type Callers, httpFunction, route } from "./http.ts";

const guests: Callers<string> = {
  kind: "module",
  authorize: async (authorization) => {
    if (authorization === undefined) {
      throw new ApiError("missing_token", "Authorization header is required!");
    }
    return authorization;
  },
};
const summary = "for the tests";
const handled = jest.fn();

const declaration = {
  name: "thing",
  path: "/thing",
  account: "ingest",
  memory: "256MiB",
  timeoutSeconds: 60,
  maxInstances: 1,
  connections: 1,
} as const;
const thing = httpFunction(declaration, async () => ({
  "/": {
    POST: route(
      { callers: guests, summary, body: z.object({ count: z.number() }) },
      async ({ claims, json }) => {
        const { count } = await json();
        handled();
        return { status: 201, body: { claims, count } };
      },
    ),
    GET: route({ callers: anyone, summary, query: z.object({ page: z.string() }) }, async ({ query }) => ({
      status: 200,
      body: query(),
    })),
    PUT: route({ callers: anyone, summary }, async () => {
      throw new Error("the password is hunter2");
    }),
  },
  "/:id": { GET: route({ callers: anyone, summary }, async ({ id }) => ({ status: 200, body: { id } })) },
  "/parts": {
    GET: route({ callers: anyone, summary }, async () => ({ status: 200, body: { parts: true } })),
  },
}));

let server: Server;
let port: number;
const contentTypesSeenByFramework: unknown[] = [];
/** A body that the framework has read already, as it does where it serves several functions. */
let parsedBefore: string | undefined;
beforeAll(async () => {
  // What the platform sets for a process that serves this function.
  process.env.FUNCTION_TARGET = "thing";
  server = createServer((request, response) => {
    contentTypesSeenByFramework.push(request.headers["content-type"]);
    if (parsedBefore !== undefined) Object.assign(request, { rawBody: Buffer.from(parsedBefore) });
    // The function takes Node's request and response; Express' additions to them are not used.
    Reflect.apply(thing, undefined, [request, response]);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  port = typeof address === "object" && address !== null ? address.port : 0;
});
afterAll(() => {
  delete process.env.FUNCTION_TARGET;
  server.close();
});
beforeEach(() => {
  handled.mockReset();
});

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

async function send({ method = "POST", path = "/thing", headers = {}, body = "" }: Sent) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { Authorization: "me", "Content-Type": "application/json", ...headers },
    ...(method === "GET" ? {} : { body: typeof body === "string" ? body : new Uint8Array(body) }),
  });
  const answer: unknown = await response.json();
  return { status: response.status, headers: response.headers, answer };
}

describe("a call that fits", () => {
  test("gets its answer as JSON that is not to be stored", async () => {
    const { status, headers, answer } = await send({ body: '{"count": 1}' });
    expect([status, answer]).toEqual([201, { claims: "me", count: 1 }]);
    expect(headers.get("content-type")).toBe("application/json");
    expect(headers.get("cache-control")).toBe("no-store");
  });

  test.each(["application/json", "APPLICATION/JSON; Charset=UTF-8", "application/vnd.x+json", ""])(
    "may call its JSON %j",
    async (contentType) => {
      const body = Buffer.from('{"count": 1}');
      expect((await send({ headers: { "Content-Type": contentType }, body })).status).toBe(201);
    },
  );

  test("may begin with a byte order mark", async () => {
    expect((await send({ body: '\ufeff{"count": 1}' })).status).toBe(201);
  });

  test.each([
    ["/thing/7", { id: 7 }],
    ["/thing/7/?x=1", { id: 7 }],
    ["/7", { id: 7 }],
    ["/thing/parts", { parts: true }],
    ["/parts?x=1", { parts: true }],
    ["/thing?page=a%20b", { page: "a b" }],
    ["/thing/?page=1", { page: "1" }],
    ["/thing?page=http://x/?y=z?", { page: "http://x/?y=z?" }],
    ["/?page=1", { page: "1" }],
  ])("is found at %s: behind Hosting, and at the function's own address", async (path, answer) => {
    expect(await send({ method: "GET", path })).toMatchObject({ status: 200, answer });
  });

  test("is not parsed by what runs the function", async () => {
    contentTypesSeenByFramework.length = 0;
    await send({ body: '{"count": 1}' });
    process.env.FUNCTION_TARGET = "another";
    await send({ body: '{"count": 1}' });
    process.env.FUNCTION_TARGET = "thing";
    expect(contentTypesSeenByFramework).toEqual([undefined, "application/json"]);
  });
});

test("a body that was read before is taken from where the framework keeps it", async () => {
  parsedBefore = '{"count": 2}';
  expect(await send({ body: "{}" })).toMatchObject({ status: 201, answer: { count: 2 } });
  parsedBefore = " ".repeat(1024 * 1024 + 1);
  expect((await send({ body: "{}" })).status).toBe(413);
  parsedBefore = undefined;
});

describe("a call that does not", () => {
  const refused: [string, Sent, number, string][] = [
    ["is no JSON", { body: "{nope" }, 400, "invalid_json"],
    ["is empty", { body: "" }, 400, "invalid_json"],
    ["is no UTF-8", { body: Buffer.from([0x22, 0xff, 0x22]) }, 400, "invalid_json"],
    ["has another type", { body: '{"count": "1"}' }, 422, "invalid_request"],
    ["is no object", { body: "[]" }, 422, "invalid_request"],
    ["is said to be text", { headers: { "Content-Type": "text/plain" } }, 415, "unsupported_media_type"],
    [
      "is in UTF-16",
      { headers: { "Content-Type": "application/json; charset=utf-16" } },
      415,
      "unsupported_media_type",
    ],
    ["is compressed", { headers: { "Content-Encoding": "gzip" } }, 415, "unsupported_media_type"],
    ["goes nowhere", { path: "/thingy" }, 404, "not_found"],
    ["goes below", { path: "/thing/7/8" }, 404, "not_found"],
    ["goes to no number", { path: "/thing/abc" }, 404, "not_found"],
    ["goes to the pattern itself", { path: "/thing/:id" }, 404, "not_found"],
    ["goes to what every object has", { path: "/thing/constructor" }, 404, "not_found"],
    ["has a method that is not there", { method: "DELETE" }, 405, "method_not_allowed"],
    ["has too much", { body: `{"count": 1}${" ".repeat(1024 * 1024)}` }, 413, "body_too_large"],
    ["is too deep to be parsed", { body: "[".repeat(1_000_000) }, 422, "invalid_request"],
  ];

  test.each(refused)("%s", async (_what, sent, status, code) => {
    const { answer, ...got } = await send(sent);
    expect(got.status).toBe(status);
    expect(answer).toMatchObject({
      error: { code, message: expect.any(String) },
      detail: expect.any(String),
    });
    expect(handled).not.toHaveBeenCalled();
  });

  test("says what is wrong where", async () => {
    expect(await send({ body: '{"count": null}' })).toMatchObject({
      answer: { error: { details: [{ path: "count", message: expect.stringContaining("number") }] } },
    });
  });

  test("says which methods are", async () => {
    expect((await send({ method: "DELETE" })).headers.get("allow")).toBe("POST, GET, HEAD, PUT");
  });

  test("is refused for its caller before its body is looked at", async () => {
    const response = await fetch(`http://127.0.0.1:${port}/thing`, { method: "POST", body: "{nope" });
    expect(response.status).toBe(401);
  });

  test("is answered without what went wrong inside, which is logged under the id that the caller gets", async () => {
    const logged = jest.spyOn(logger, "write").mockImplementation(() => undefined);
    const { status, answer } = await send({ method: "PUT" });
    expect(status).toBe(500);
    expect(JSON.stringify(answer)).not.toContain("hunter2");
    expect(logged).toHaveBeenCalledTimes(1);
    const [entry] = logged.mock.calls[0] ?? [];
    const { request } = z.object({ request: z.string() }).parse(entry);
    expect(JSON.stringify(answer)).toContain(request);
    expect(JSON.stringify(entry)).toContain("hunter2");
    logged.mockRestore();
  });
});

describe("a connection that misbehaves", () => {
  test("a body that comes byte by byte is waited for", async () => {
    const request = httpRequest({ port, method: "POST", path: "/thing", headers: { Authorization: "me" } });
    const answered = new Promise<string>((resolve, reject) => {
      request.on("response", (response) => resolve(text(response))).on("error", reject);
    });
    for (const character of '{"count": 1}') request.write(character);
    request.end();
    expect(JSON.parse(await answered)).toEqual({ claims: "me", count: 1 });
  });

  test("a caller that drips its body is told so after 20 s in all, and let go", async () => {
    jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "queueMicrotask", "performance"] });
    const socket = connect(port, "127.0.0.1");
    try {
      const arrived = once(server, "request");
      socket.write("POST /thing HTTP/1.1\r\nHost: x\r\nAuthorization: me\r\nContent-Length: 100\r\n\r\n{");
      await arrived;
      // The routes are loaded, and the caller is let in.
      for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      jest.advanceTimersByTime(19_999);
      socket.write('"count"');
      for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      jest.advanceTimersByTime(1);
      const answer = await text(socket);
      expect(answer).toMatch(/^HTTP\/1.1 408 /);
      expect(answer).toContain("body_too_slow");
    } finally {
      jest.useRealTimers();
      socket.destroy();
    }
  });

  test("a caller that hangs up in the middle is no error of ours, and stops nothing", async () => {
    const logged = jest.spyOn(logger, "write").mockImplementation(() => undefined);
    const gone = Promise.withResolvers<void>();
    const arrived = new Promise<void>((resolve) => {
      server.once("request", (request) => {
        request.once("close", gone.resolve);
        resolve();
      });
    });
    const socket = connect(port, "127.0.0.1");
    const head = "POST /thing HTTP/1.1\r\nHost: x\r\nAuthorization: me\r\nContent-Length: 100\r\n\r\n";
    await new Promise<void>((resolve) => socket.write(`${head}{"cou`, () => resolve()));
    await arrived;
    socket.destroy();
    await gone.promise;
    expect((await send({ body: '{"count": 1}' })).status).toBe(201);
    expect(logged).not.toHaveBeenCalled();
    logged.mockRestore();
  });
});
