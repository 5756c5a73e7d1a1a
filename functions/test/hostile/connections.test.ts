import { expect, jest, test } from "@jest/globals";
import { z } from "zod";
import type { Talk } from "./servedFunctions.ts";
import { openSetting } from "./setting.ts";

// Loads all functions.
jest.setTimeout(60_000);

const { current, leavesNoTrace, send, trouble } = openSetting();

/** A feed in HTTP/1.1, with these headers beside those that it needs. */
function feed(headers: readonly string[], body: string, rawData = '{"stars": 1}'): string {
  const { sourceName, company, token } = current();
  const feed = body.replace(
    "FEED",
    `{"source_name":"${sourceName}","company_id":"${company}","raw_data":${rawData}}`,
  );
  const head = [
    "POST /feed-raw-data HTTP/1.1",
    "Host: parma.example",
    `Authorization: Bearer ${token}`,
    ...headers,
  ];
  return `${head.join("\r\n").replaceAll("LENGTH", String(Buffer.byteLength(feed)))}\r\n\r\n${feed}`;
}

const LENGTH = "Content-Length: LENGTH";
const CHUNKED = "Transfer-Encoding: chunked";
const health = (line = "GET /health/live HTTP/1.1", headers = "Host: x\r\n") => `${line}\r\n${headers}\r\n`;

/** Words that are no request, or one that ends in the middle: nothing may come of them. */
const broken = (): [string, string, Talk][] => [
  ["half a line", "400", { bytes: "POST /feed-raw", ends: true }],
  ["half the headers", "400", { bytes: "POST /feed-raw-data HTTP/1.1\r\nHost: x\r\nContent", ends: true }],
  ["half a body", "400", { bytes: feed(["Content-Length: 100"], '{"source_na'), ends: true }],
  ["a body that never comes", "400", { bytes: feed(["Content-Length: 100"], ""), ends: true }],
  ["half a chunk", "400", { bytes: feed([CHUNKED], '20\r\n{"source_na'), ends: true }],
  ["chunks without an end", "400", { bytes: feed([CHUNKED], "2\r\n{}\r\n"), ends: true }],
  ["a chunk's length that is none", "400", { bytes: feed([CHUNKED], "xyz\r\n{}\r\n0\r\n\r\n") }],
  ["a chunk's length beyond all", "400", { bytes: feed([CHUNKED], `${"f".repeat(17)}\r\n{}\r\n0\r\n\r\n`) }],
  ["a chunk that is longer than it says", "400", { bytes: feed([CHUNKED], "2\r\n{}{}\r\n0\r\n\r\n") }],
  ["a length below nothing", "400", { bytes: feed(["Content-Length: -1"], "{}") }],
  ["a length in hexadecimal", "400", { bytes: feed(["Content-Length: 0x2"], "{}") }],
  ["a length beyond all", "400", { bytes: feed([`Content-Length: ${"9".repeat(30)}`], "{}") }],
  ["two lengths", "400", { bytes: feed([LENGTH, "Content-Length: 2"], "FEED") }],
  ["a length and chunks", "400", { bytes: feed([LENGTH, CHUNKED], "FEED") }],
  ["an unknown transfer", "400", { bytes: feed(["Transfer-Encoding: identity, gzip"], "FEED") }],
  ["chunks twice", "400", { bytes: feed(["Transfer-Encoding: chunked, identity"], "FEED") }],
  ["a body that is cut by its length", "400", { bytes: feed(["Content-Length: 10"], "FEED") }],
  [
    "an unknown expectation",
    "417",
    { bytes: feed(["Expect: a-miracle", "Connection: close", LENGTH], "FEED") },
  ],
  ["no host", "400", { bytes: health(undefined, "") }],

  [
    "a header of 20,000 bytes",
    "431",
    { bytes: health(undefined, `Host: x\r\nX: ${"x".repeat(20_000)}\r\n`) },
  ],
  ["a path of 20,000 bytes", "431", { bytes: health(`GET /${"x".repeat(20_000)} HTTP/1.1`) }],
  ["a path with bytes", "400", { bytes: health("GET /health/live?\u00e9 HTTP/1.1") }],
  ["a header with NUL", "400", { bytes: health(undefined, "Host: x\r\nX: \0\r\n") }],
  ["a header on two lines", "400", { bytes: health(undefined, "Host: x\r\nX: a\r\n b\r\n") }],
  ["a header's name with a space", "400", { bytes: health(undefined, "Host: x\r\nA b: c\r\n") }],
  ["line feeds alone", "400", { bytes: "GET /health/live HTTP/1.1\nHost: x\n\n" }],
  ["HTTP/9.9", "400", { bytes: health("GET /health/live HTTP/9.9") }],
  ["HTTP/2", "400", { bytes: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" }],
  ["a method that is none", "400", { bytes: health("get /health/live HTTP/1.1") }],
  ["TLS", "400", { bytes: Uint8Array.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 0, 0]) }],
  ["bytes of zero", "400", { bytes: new Uint8Array(1000) }],
  ["a tunnel", "", { bytes: "CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n" }],
  [
    "an upgrade, whose body is none",
    "400",
    {
      bytes: feed(["Connection: Upgrade, close", "Upgrade: h2c", "Content-Length: 1"], "x"),
    },
  ],
];

const statusesIn = (heard: string) =>
  [...heard.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => status).join(" ");

test("what is no request is no error of ours, and the next request is answered", async () => {
  const wrong: unknown[] = [];
  await leavesNoTrace(async () => {
    for (const [what, statuses, talk] of broken()) {
      const got = statusesIn(await current().served.talk("feedRawData", talk));
      if (got !== statuses) wrong.push([what, got, statuses]);
      const next = await send("health", { method: "GET", path: "/health/live" });
      if (next.status !== 200) wrong.push([what, "next", next.status]);
    }
  });
  expect(wrong).toEqual([]);
});

test("two hundred callers that stop half way keep nobody else waiting", async () => {
  const stopped = Array.from({ length: 200 }, () =>
    current().served.talk("feedRawData", { bytes: feed(["Content-Length: 100"], '{"source_na'), ends: true }),
  );
  const { status } = await send("feedRawData", {
    path: "/feed-raw-data",
    headers: { Authorization: `Bearer ${current().token}` },
    body: `{"source_name":"x","company_id":"1","raw_data":{"stopped":200}}`,
  });
  expect(status).toBe(201);
  expect(new Set((await Promise.all(stopped)).map(statusesIn))).toEqual(new Set(["400"]));
  expect(trouble).toEqual([]);
});

test("requests in odd pieces are understood", async () => {
  const close = "Connection: close";
  const chunks = (...pieces: string[]) =>
    `${pieces.map((piece) => `${Buffer.byteLength(piece).toString(16)}\r\n${piece}\r\n`).join("")}0\r\n`;
  const [start, end] = ['{"source_name":"x","company_id":"1",', '"raw_data":{"stars":2}}'];
  const talks: [string, string, string][] = [
    ["chunks", "201", feed([CHUNKED, close], `${chunks(start, end)}\r\n`)],
    ["a chunk for each byte", "201", feed([CHUNKED, close], `${chunks(...start, ...end)}\r\n`)],
    [
      "chunks with extensions",
      "201",
      feed([CHUNKED, close], `${chunks(start + end).replace("\r\n", ";a=b\r\n")}\r\n`),
    ],
    [
      "chunks with a trailer",
      "201",
      feed([CHUNKED, close], `${chunks(start + end)}Authorization: none\r\n\r\n`),
    ],
    ["a body that waits to be asked for", "100 201", feed(["Expect: 100-continue", LENGTH, close], "FEED")],
    ["HTTP/1.0", "201", feed([LENGTH], "FEED").replace("HTTP/1.1", "HTTP/1.0")],
    [
      "three at once",
      "201 401 201",
      [
        feed([LENGTH], "FEED", '{"stars": 3}'),
        feed([LENGTH], "FEED").replace("Bearer ", "Bearer x"),
        feed([LENGTH, close], "FEED", '{"stars": 4}'),
      ].join(""),
    ],
    [
      "a refused body, and the next request behind it",
      "401 201",
      [
        feed([LENGTH], `${" ".repeat(100_000)}FEED`).replace("Bearer ", "Bearer x"),
        feed([LENGTH, close], "FEED"),
      ].join(""),
    ],
  ];
  const wrong: unknown[] = [];
  for (const [what, statuses, bytes] of talks) {
    const got = statusesIn(await current().served.talk("feedRawData", { bytes }));
    if (got !== statuses) wrong.push([what, got, statuses]);
  }
  expect(wrong).toEqual([]);
  expect(trouble).toEqual([]);
});

test("a body over the limit is refused after its end, however it comes", async () => {
  const megabyte = "x".repeat(1024 * 1024);
  const chunk = `100000\r\n${megabyte}\r\n`;
  await leavesNoTrace(async () => {
    const heard = await current().served.talk("feedRawData", {
      bytes: feed([CHUNKED, "Connection: close"], `${chunk.repeat(21)}0\r\n\r\n`),
    });
    expect(statusesIn(heard)).toBe("413");
    const body: unknown = JSON.parse(
      heard
        .split("\r\n\r\n")[1]
        ?.replace(/^[\da-f]+\r\n/, "")
        .split("\r\n")[0] ?? "",
    );
    expect(z.object({ error: z.object({ code: z.string() }) }).parse(body).error.code).toBe("body_too_large");
  });
});
