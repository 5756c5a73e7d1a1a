import { expect, jest, test } from "@jest/globals";
import naughty from "big-list-of-naughty-strings" with { type: "json" };
import { z } from "zod";
import { blobStore } from "../../src/adapters/blobStore.ts";
import { storeMap } from "../../src/domain/normalizationMap/mapStore.ts";
import { ensureMeasurements } from "../../src/domain/normalizationMap/measurements.ts";
import { normalizationMap } from "../../src/domain/normalizationMap/normalizationMap.ts";
import { rawDocumentCollection } from "../../src/domain/rawDocument/collections.ts";
import { firestore } from "../../src/platform/firebase.ts";
import { database, selectRows } from "../../src/platform/postgres.ts";
import { normalizeAtPath } from "../../src/stages/normalize/normalizeDocument.ts";
import { tokenFor } from "../e2e/calls.ts";
import { openSetting } from "./setting.ts";

// Loads all functions.
jest.setTimeout(60_000);

const { current, send, trouble } = openSetting();

/** Texts that Postgres stores as they are. */
const STRINGS = [
  ...new Set([
    ...naughty,
    ...[
      "__proto__",
      "constructor",
      "\\u0000",
      "\ufeff",
      "\ufffd",
      "\uffff",
      "\u2028",
      "\u202e",
      "\u0001",
      "\x7f",
    ],
    ...[
      "\r\n",
      "\t",
      " ",
      "'; drop table company; --",
      "$1",
      "%s%n",
      "{{7*7}}",
      "\\",
      "\\\\",
      '"',
      "'",
      "é",
      "e\u0301",
    ],
    ...[
      "İ",
      "ß",
      "ﬃ",
      "👩‍👩‍👧‍👦",
      "🇪🇺",
      "\u{10ffff}",
      "a\u0300".repeat(500),
      "x".repeat(100_000),
      "😀".repeat(10_000),
    ],
  ]),
].filter((text) => !text.includes("\0") && text.isWellFormed());

async function post(name: string, path: string, body: object, token = current().token) {
  const answer = await send(name, {
    path,
    headers: { Authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  const json: unknown = JSON.parse(answer.text);
  return { status: answer.status, json };
}

const columnOf = async (text: string, values: readonly unknown[] = []) =>
  (await selectRows(await database(), z.object({ text: z.string() }), text, values)).map((row) => row.text);

test("names and descriptions of companies come back byte by byte", async () => {
  const texts = STRINGS.filter((text) => text.trim() !== "" && text.length <= 1000);
  const half = Math.ceil(texts.length / 2);
  const ids: number[] = [];
  const expected: [name: string, description: string][] = [];
  for (const [index, name] of texts.slice(0, half).entries()) {
    const description = texts[half + index] ?? "";
    const body = { id: name, company_name: name, description };
    const { status, json } = await post("newCompany", "/new-company", body);
    const made = z.object({ id: z.string(), company_name: z.string(), company_id: z.number() }).parse(json);
    // A name that a reader takes for another one is that of a company that is there.
    if (ids.includes(made.company_id)) continue;
    expect([status, made.id, made.company_name]).toEqual([201, name, name.trim()]);
    ids.push(made.company_id);
    expected.push([name.trim(), description]);
  }
  const inOrder = "from company join unnest($1::int[]) with ordinality as w (id, n) using (id) order by n";
  expect(await columnOf(`select name as text ${inOrder}`, [ids])).toEqual(expected.map(([name]) => name));
  expect(await columnOf(`select description as text ${inOrder}`, [ids])).toEqual(
    expected.map(([, description]) => description),
  );
});

test("names of measurements come back byte by byte", async () => {
  const { source } = current();
  // Every third: the same path as that of a company's name, but for the length.
  const names = STRINGS.filter((text, n) => n % 3 === 0 && text !== "" && text.length <= 500);
  for (const measurement_name of names) {
    const body = { source_module_id: source, type: "text", measurement_name };
    expect((await post("sourceMeasurement", "/source-measurement", body)).status).toBe(201);
  }
  const stored = "select measurement_name as text from source_measurement where type = 'text' order by id";
  expect(await columnOf(stored)).toEqual(names);
});

const map = normalizationMap.parse({
  Source: "naughty",
  Mappings: [
    {
      SourceField: "items",
      DataType: "nested",
      MeasurementName: "items",
      NestedMappings: ["text", "paragraph", "comment", "link", "image"].map((type) => ({
        SourceField: type,
        DataType: type,
        MeasurementName: `a ${type}`,
      })),
    },
  ],
});

/** Feeds a raw answer and normalizes it. */
async function feed(raw_data: object) {
  const { source, sourceName, company, other } = current();
  const db = await database();
  const named = { id: source, name: sourceName };
  await storeMap(firestore(), named, await ensureMeasurements(db, source, map, new Date()), new Date());
  const body = { source_name: sourceName, company_id: String(other.company), raw_data };
  const { json } = await post("feedRawData", "/feed-raw-data", body);
  const { document_id: id } = z
    .object({ document_id: z.string(), company_id: z.literal(String(company)) })
    .parse(json);
  const path = `${rawDocumentCollection(sourceName)}/${id}`;
  const context = { db, firestore: firestore(), blobStore: blobStore(), now: new Date() };
  const outcome = await normalizeAtPath(context, path);
  return { id, outcome, document: (await firestore().doc(path).get()).data() };
}

const valuesOf = (table: string, id: string) =>
  columnOf(`select value as text from measurement_${table}_value where raw_document_id = $1 order by id`, [
    id,
  ]);

test("texts of raw answers come back byte by byte, from Firestore and as values", async () => {
  const types = ["text", "paragraph", "comment", "link", "image"] as const;
  const short = STRINGS.filter((text) => text.length < 5000);
  // One of the types for each text: they share their way, but for the table.
  const items = short.map((text, n) => ({ [types[n % types.length] ?? "text"]: text }));
  const { id, outcome, document } = await feed({ items });
  expect(outcome).toMatchObject({ state: "NORMALIZED", valueCount: short.length, issueCount: 0 });
  expect(document).toMatchObject({ data: { items } });
  for (const [at, type] of types.entries()) {
    expect(await valuesOf(type, id)).toEqual(short.filter((_, n) => n % types.length === at));
  }
});

test("names of fields, and texts that Firestore cannot hold, come back from the blob store", async () => {
  const named = Object.fromEntries(STRINGS.map((text) => [text, 1]));
  const items = [{ text: "x".repeat(600_000), ...named }, ...STRINGS.map((text) => ({ text }))];
  const { id, outcome, document } = await feed({ items, ...named });
  expect(outcome).toMatchObject({ state: "NORMALIZED", valueCount: STRINGS.length + 1, issueCount: 0 });
  expect(document).toMatchObject({ data: null, content: { reason: expect.any(String) } });
  expect(await valuesOf("text", id)).toEqual(["x".repeat(600_000), ...STRINGS]);
});

test("what Postgres cannot hold is reported, and kept in the raw answer", async () => {
  const cannot = ["\0", "a\0b", "\ud800", "\udc00\ud800", "x\udfff"];
  const { id, outcome } = await feed({ items: [...cannot, "good"].map((text) => ({ text })) });
  expect(outcome).toMatchObject({ state: "NORMALIZED", valueCount: 1, issueCount: cannot.length });
  expect(await valuesOf("text", id)).toEqual(["good"]);
});

test("errors that modules report come back byte by byte, NUL and half characters replaced", async () => {
  const db = await database();
  const { source, task } = current();
  const texts = [
    ...STRINGS.filter((text) => text.length <= 100).slice(0, 150),
    "a\0b",
    "\ud800",
    `${"x".repeat(99)}😀`,
  ];
  const companies = await selectRows(
    db,
    z.object({ id: z.number() }),
    `insert into company (name, modified_at) select 'reported ' || n, now() from generate_series(1, $1::int) n returning id`,
    [texts.length],
  );
  await db.query(
    "insert into pipeline.mining_call (task_id, company_id, state) select $1, unnest($2::int[]), 'RUNNING'",
    [task, companies.map(({ id }) => id)],
  );
  const errors = Object.fromEntries(
    companies.map(({ id }, n) => [id, { error_type: texts[n], error_description: texts[n] }]),
  );
  const token = await tokenFor({ sourceId: source, taskId: task, attempt: 1 });
  const { status, json } = await post(
    "crawlingFinished",
    "/crawling-finished",
    { task_id: task, errors },
    token,
  );
  expect([status, json]).toMatchObject([201, { errors }]);
  const stored = (column: string) =>
    columnOf(`select ${column} as text from pipeline.mining_call where task_id = $1 order by company_id`, [
      task,
    ]);
  const replaced = texts.map((text) => text.replaceAll("\0", "\ufffd").toWellFormed());
  expect(await stored("error_text")).toEqual(replaced);
  expect(await stored("error_type")).toEqual(
    // Never cut within a character.
    replaced.map((text) =>
      text.length > 100 ? `${text.slice(0, 100).replace(/[\ud800-\udbff]$/, "")}…` : text,
    ),
  );
  expect(trouble).toEqual([]);
});
