import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { selectRow, selectRows } from "../../src/platform/postgres.ts";
import { insertCompany, insertSource, insertTask } from "../rows.ts";
import { startExternalModule } from "../standins/externalModule.ts";
import { call, refusal, tokenFor } from "./calls.ts";
import { eventually, runningStack } from "./runningStack.ts";

jest.setTimeout(120_000);

let stack: Awaited<ReturnType<typeof runningStack>>;
let mined: Awaited<ReturnType<typeof startExternalModule>>;
const NAME = "ingest-test";
let source: number;
let company: number;
let task: number;
let token: string;

/** 100 measurements: what a module with a large map asks for during one handshake. */
const mappings = [
  { SourceField: "name", DataType: "text", MeasurementName: "name" },
  { SourceField: "stars", DataType: "int", MeasurementName: "stars" },
  {
    SourceField: "repos",
    DataType: "nested",
    MeasurementName: "repositories",
    NestedMappings: Array.from({ length: 97 }, (_, index) => ({
      SourceField: `field_${index}`,
      DataType: "float",
      MeasurementName: `field ${index}`,
    })),
  },
];

beforeAll(async () => {
  stack = await runningStack();
  mined = await startExternalModule({
    name: NAME,
    frequency: "weekly",
    mappings,
    analyticsUrl: stack.baseUrl,
    sharedSecret: stack.secrets.shared,
    discover: () => ({}),
    crawl: async () => ({}),
  });
  source = await insertSource(stack.db, { name: NAME, endpoint: `${mined.url}/`, isActive: false });
  company = await insertCompany(stack.db, "Ingested");
  task = await insertTask(stack.db, source, { status: "PROCESSING", attempts: 1, startedAt: new Date() });
  await stack.db.query(
    "insert into pipeline.mining_call (task_id, company_id, state) values ($1, $2, 'RUNNING')",
    [task, company],
  );
  token = await tokenFor({ sourceId: source, taskId: task, companyId: company, attempt: 1 });
});

afterAll(async () => {
  await mined.stop();
  await stack.db.query("delete from data_source where id = $1", [source]);
  await stack.close();
});

const fed = z.object({ document_id: z.string() });

async function feed(rawData: string, more = "") {
  const body = `{"source_name": "${NAME}", "company_id": "${company}", "raw_data": ${rawData}${more}}`;
  const { status, answer } = await call(stack.baseUrl, { path: "/feed-raw-data", body, token });
  expect([status, answer]).toEqual([201, answer]);
  return fed.parse(answer).document_id;
}

const documentOf = async (id: string) =>
  (await stack.firestore.doc(`parma/mining/datasource/${NAME}/raw_data/${id}`).get()).data();

/** What became of a document, once it is normalized. */
const normalized = (id: string) =>
  eventually(`${id} is normalized`, () =>
    selectRow(
      stack.db,
      z.object({ state: z.string(), reason: z.string().nullable(), valueCount: z.number() }),
      // Analyzing may be done before we look.
      `select case state::text when 'ANALYZED' then 'NORMALIZED' else state::text end as state, reason, value_count
         from pipeline.raw_document where id = $1 and state <> 'RECEIVED'`,
      [id],
    ),
  );

test("a handshake takes a hundred call-backs, and a second one changes nothing", async () => {
  const path = `/handshake?invocation_endpoint=${encodeURIComponent(mined.url)}&data_source_id=${source}`;
  const measurements = () =>
    selectRows(
      stack.db,
      z.object({ id: z.number() }),
      "select id from source_measurement where source_module_id = $1 order by id",
      [source],
    );
  expect(await call(stack.baseUrl, { method: "GET", path })).toMatchObject({
    status: 200,
    answer: { frequency: "weekly" },
  });
  const first = await measurements();
  expect(first).toHaveLength(100);
  await call(stack.baseUrl, { method: "GET", path });
  expect(await measurements()).toEqual(first);
  const versions = await stack.firestore
    .collection(`parma/mining/datasource/${NAME}/normalization_schema`)
    .get();
  expect(versions.size).toBe(1);
});

describe("a raw answer", () => {
  test("is answered as modules expect, and is where the web application looks", async () => {
    const body = { source_name: "whatever", company_id: "999999", raw_data: { name: "TestOrg", stars: 10 } };
    const { status, answer } = await call(stack.baseUrl, { path: "/feed-raw-data", body, token });
    expect(status).toBe(201);
    expect(answer).toEqual({
      source_name: NAME,
      company_id: String(company),
      timestamp: expect.any(String),
      return_message: "Raw data received and saved. ",
      document_id: expect.any(String),
    });
    const id = fed.parse(answer).document_id;
    const found = await stack.firestore
      .collection(`parma/mining/datasource/${NAME}/raw_data`)
      .where("company_id", "==", String(company))
      .get();
    expect(found.docs.map((document) => document.id)).toContain(id);
    expect(await documentOf(id)).toMatchObject({
      company_id: String(company),
      data: { name: "TestOrg", stars: 10 },
      mining_trigger: String(task),
      status: "received",
    });
    expect(await normalized(id)).toMatchObject({ state: "NORMALIZED", valueCount: 2 });
  });

  test("that is fed twice at once, and again, is one document", async () => {
    const ids = await Promise.all([1, 2].map(() => feed('{"name": "Once", "stars": 1}')));
    ids.push(await feed('{"stars": 1, "name": "Once"}'));
    expect(new Set(ids).size).toBe(1);
    expect(await normalized(ids[0] ?? "")).toMatchObject({ state: "NORMALIZED", valueCount: 2 });
  });

  test("may say when it was observed, without a zone in UTC", async () => {
    const id = await feed('{"stars": 2}', ', "observed_at": "2020-01-02 03:04:05.678901"');
    const document = await documentOf(id);
    expect(document?.observed_at.toDate()).toEqual(new Date("2020-01-02T03:04:05.678Z"));
  });

  const maps = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
  test.each<[string, string, RegExp]>([
    ["of two megabytes", `{"name": "Large", "stars": 3, "text": "${"x".repeat(2_000_000)}"}`, /larger than/],
    ["with a list in a list", '{"name": "Lists", "stars": 4, "a": [[1], [2]]}', /list is directly in a list/],
    ["with 2^53 + 1", '{"name": "Exact", "stars": 9007199254740993}', /beyond 2\^53/],
    ["with 21 levels", `{"name": "Deep", "stars": 5, "a": ${maps(20)}}`, /deeper than 20 levels/],
    ["with a reserved field name", '{"name": "Named", "stars": 6, "__x__": 1}', /reserved/],
    [
      "with a field that is called __proto__",
      '{"name": "Proto", "stars": 7, "__proto__": {"a": 1}}',
      /reserved/,
    ],
    ["with half a surrogate pair", '{"name": "Half", "stars": 8, "a": "\\ud800"}', /valid Unicode/],
    ["with a number without end", '{"name": "Digits", "stars": 9, "a": 0.12345678901234567890}', /digits/],
  ])("%s is kept outside of Firestore, and normalized just the same", async (_what, rawData, reason) => {
    const id = await feed(rawData);
    const document = await documentOf(id);
    expect(document).toMatchObject({
      data: null,
      company_id: String(company),
      content: { reason: expect.any(String) },
    });
    expect(document?.content.reason).toMatch(reason);
    expect(await normalized(id)).toMatchObject({ state: "NORMALIZED", valueCount: 2 });
  });

  test("loses no digit on its way to the values", async () => {
    const rows = await selectRows(
      stack.db,
      z.object({ value: z.string() }),
      `select value::text from measurement_bigint_value v
         join company_source_measurement using (company_measurement_id)
        where company_id = $1`,
      [company],
    );
    expect(rows).toEqual([{ value: "9007199254740993" }]);
  });
});

test("the measurements of a source are listed, changed and deleted", async () => {
  const list = (query: string) =>
    call(stack.baseUrl, { method: "GET", path: `/source-measurement${query}`, token });
  expect(await list("?page=34&per_page=3")).toMatchObject({
    status: 200,
    answer: { num_pages: 34, measurements_list: [{ measurement_name: "field 96", type: "float" }] },
  });
  const body = { source_module_id: source, type: "INT", measurement_name: "forks" };
  const created = await call(stack.baseUrl, { path: "/source-measurement", body, token });
  expect(created).toMatchObject({
    status: 201,
    answer: { id: expect.any(Number), creation_msg: "Source Measurement successfully created" },
  });
  expect(await call(stack.baseUrl, { path: "/source-measurement", body, token })).toMatchObject({
    status: 201,
    answer: created.answer,
  });
  const { id } = z.object({ id: z.number() }).parse(created.answer);
  const path = `/source-measurement/${id}`;
  expect(await call(stack.baseUrl, { method: "GET", path, token })).toMatchObject({
    status: 200,
    answer: {
      id,
      type: "int",
      measurement_name: "forks",
      source_module_id: source,
      parent_measurement_id: null,
    },
  });
  expect(
    await call(stack.baseUrl, { method: "PUT", path, body: { measurement_name: "forks count" }, token }),
  ).toMatchObject({ status: 202, answer: { id, type: "int", measurement_name: "forks count" } });
  expect(
    await call(stack.baseUrl, { method: "PUT", path, body: { measurement_name: "stars" }, token }),
  ).toMatchObject({ status: 409, answer: { error: { code: "conflict" } } });
  expect(await call(stack.baseUrl, { method: "DELETE", path, token })).toMatchObject({
    status: 200,
    answer: { deletion_msg: "Source Measurement successfully deleted" },
  });
  expect((await call(stack.baseUrl, { method: "GET", path, token })).status).toBe(404);
});

test("a refusal comes through in its one shape, also where the body is none that anybody could parse", async () => {
  for (const [body, status, code] of [
    ['{"task_id": ', 400, "invalid_json"],
    ["[]", 422, "invalid_request"],
  ] as const) {
    const { answer, headers, ...got } = await call(stack.baseUrl, {
      path: "/crawling-finished",
      body,
      token,
    });
    expect([got.status, refusal.parse(answer).error.code]).toEqual([status, code]);
    expect(headers.get("content-type")).toContain("application/json");
  }
  const withoutToken = await call(stack.baseUrl, { path: "/crawling-finished", body: { task_id: task } });
  expect([withoutToken.status, refusal.parse(withoutToken.answer).error.code]).toEqual([
    401,
    "missing_token",
  ]);
});

test("a finished crawl is acknowledged each time, and ends the call once", async () => {
  const report = (errors: unknown) =>
    call(stack.baseUrl, { path: "/crawling-finished", body: { task_id: task, errors }, token });
  const state = () =>
    selectRow(
      stack.db,
      z.object({ state: z.string(), errorType: z.string().nullable() }),
      "select state, error_type from pipeline.mining_call where task_id = $1",
      [task],
    );
  const warning = { [company]: { error_type: "ClientInvalidBodyError", error_description: null } };
  expect(await report(warning)).toMatchObject({
    status: 201,
    answer: { task_id: task, errors: warning, return_message: "Notified about crawling finished" },
  });
  // Its data had arrived, so what the module reports is a warning.
  const ended = { state: "SUCCEEDED", errorType: "ClientInvalidBodyError" };
  expect(await state()).toEqual(ended);
  for (const errors of [{}, null, undefined]) expect((await report(errors)).status).toBe(201);
  expect(await state()).toEqual(ended);
});
