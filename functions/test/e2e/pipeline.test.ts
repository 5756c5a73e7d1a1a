import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { selectRow, selectRows } from "../../src/platform/postgres.ts";
import { insertCompany, insertIdentifier, insertSource, insertTask } from "../rows.ts";
import { CrawlingError, startExternalModule } from "../standins/externalModule.ts";
import { eventually, runningStack } from "./runningStack.ts";

jest.setTimeout(120_000);

type Stack = Awaited<ReturnType<typeof runningStack>>;
type Module = Awaited<ReturnType<typeof startExternalModule>>;

let stack: Stack;
let products: Module;
/** What the module answers for a handle; a function is asked each time. */
const answers = new Map<string, () => Record<string, unknown>>();
const crawled: string[] = [];

const product = (followers: number, reviews: object[] = []) => ({
  name: "Product",
  overall_rating: 4.8,
  review_count: reviews.length,
  followers,
  reviews,
});

beforeAll(async () => {
  stack = await runningStack();
  products = await startExternalModule({
    name: "producthunt",
    frequency: "weekly",
    mappings: [
      { SourceField: "name", DataType: "text", MeasurementName: "product name" },
      { SourceField: "overall_rating", DataType: "float", MeasurementName: "product overall rating" },
      { SourceField: "followers", DataType: "int", MeasurementName: "product followers count" },
      {
        SourceField: "reviews",
        DataType: "nested",
        MeasurementName: "product reviews",
        NestedMappings: [{ SourceField: "text", DataType: "comment", MeasurementName: "review text" }],
      },
    ],
    analyticsUrl: stack.baseUrl,
    sharedSecret: stack.secrets.shared,
    discover: (name) => ({ handle: name.startsWith("Unknown") ? [] : [name.toLowerCase()] }),
    crawl: async (_property, handle) => {
      crawled.push(handle);
      const answer = answers.get(handle);
      if (answer === undefined) throw new CrawlingError(`Error fetching ${handle}: 404`);
      return answer();
    },
  });
});

afterAll(async () => {
  await products.stop();
  await stack.close();
});

async function registeredSource(name: string): Promise<number> {
  const endpoint = `${products.url}/`;
  // Each call at a time is a process of the emulator, as is what the module feeds and what becomes of that.
  const additionalParams = { calls_in_flight: 2 };
  const source = await insertSource(stack.db, { name, endpoint, isActive: false, additionalParams });
  await stack.db.query("delete from company_data_source where data_source_id = $1", [source]);
  const url = new URL("/handshake", stack.baseUrl);
  url.search = new URLSearchParams({
    invocation_endpoint: endpoint,
    data_source_id: String(source),
  }).toString();
  const response = await fetch(url);
  expect([response.status, await response.json()]).toEqual([200, { frequency: "weekly" }]);
  return source;
}

async function linkedCompany(source: number, name: string): Promise<number> {
  const company = await insertCompany(stack.db, name);
  await stack.db.query("delete from company_data_source where company_id = $1 and data_source_id <> $2", [
    company,
    source,
  ]);
  return company;
}

async function runTask(source: number) {
  const task = await insertTask(stack.db, source);
  const response = await fetch(new URL("/schedule", stack.baseUrl));
  expect(response.status).toBe(200);
  return eventually("the task has ended", async () => {
    const row = await selectRow(
      stack.db,
      z.object({ status: z.string(), endedAt: z.date().nullable(), resultSummary: z.string().nullable() }),
      "select status, ended_at, result_summary from scheduled_task where task_id = $1",
      [task],
    );
    if (row?.status !== "SUCCESS" && row?.status !== "FAILED") return undefined;
    return { ...row, task, summary: JSON.parse(row.resultSummary ?? "null") };
  });
}

/** A source's values, once so many of its raw documents are normalized. */
async function valuesOf(source: number, documents: number) {
  await eventually(`${documents} raw documents are normalized`, async () => {
    const row = await selectRow(
      stack.db,
      z.object({ count: z.number() }),
      `select count(*)::int as count from pipeline.raw_document
        where data_source_id = $1 and state in ('NORMALIZED', 'ANALYZED', 'DATA_PROBLEM')`,
      [source],
    );
    return row?.count === documents ? row : undefined;
  });
  return selectRows(
    stack.db,
    z.object({ company: z.string(), measurement: z.string(), value: z.string() }),
    `select c.name as company, m.measurement_name as measurement, v.value
       from (
         select company_measurement_id, value::text, item_key from measurement_int_value
         union all select company_measurement_id, value::text, item_key from measurement_float_value
         union all select company_measurement_id, value, item_key from measurement_text_value
         union all select company_measurement_id, value, item_key from measurement_comment_value
       ) v
       join company_source_measurement cm using (company_measurement_id)
       join source_measurement m on m.id = cm.source_measurement_id
       join company c on c.id = cm.company_id
      where m.source_module_id = $1
      order by 1, 2, 3`,
    [source],
  );
}

describe("an external module, over HTTP through Hosting", () => {
  test("from its handshake to values in Postgres and a batch for the next stage", async () => {
    answers.set("acme", () => product(1200, [{ text: "Great" }, { text: "Meh" }]));
    answers.set("by-hand", () => product(7));
    const source = await registeredSource("e2e-products");
    const acme = await linkedCompany(source, "Acme");
    const manual = await linkedCompany(source, "Manual");
    await insertIdentifier(stack.db, source, manual, { property: "handle", value: "by-hand" });
    const unknown = await linkedCompany(source, "Unknown");
    const broken = await linkedCompany(source, "Broken");

    const { status, summary, endedAt, task } = await runTask(source);
    expect(status).toBe("SUCCESS");
    expect(endedAt).not.toBeNull();
    expect(summary).toMatchObject({
      companies: 4,
      succeeded: 2,
      failed: 2,
      errors: {
        [unknown]: { error_type: "NoIdentifiers" },
        [broken]: { error_type: "CrawlingError", error_description: "Error fetching broken: 404" },
      },
    });

    expect(await valuesOf(source, 2)).toEqual([
      { company: "Acme", measurement: "product followers count", value: "1200" },
      { company: "Acme", measurement: "product name", value: "Product" },
      { company: "Acme", measurement: "product overall rating", value: "4.8" },
      { company: "Acme", measurement: "review text", value: "Great" },
      { company: "Acme", measurement: "review text", value: "Meh" },
      { company: "Manual", measurement: "product followers count", value: "7" },
      { company: "Manual", measurement: "product name", value: "Product" },
      { company: "Manual", measurement: "product overall rating", value: "4.8" },
    ]);

    // The web application's export.
    const raw = await stack.firestore
      .collection("parma/mining/datasource/e2e-products/raw_data")
      .where("company_id", "==", String(acme))
      .get();
    expect(raw.docs.map((document) => document.data())).toMatchObject([
      { company_id: String(acme), mining_trigger: String(task), data: { followers: 1200 } },
    ]);
    const batch = await eventually("the batch document is there", async () => {
      const document = await stack.firestore.doc(`parma/analytics/batch/${raw.docs[0]?.id}`).get();
      return document.data();
    });
    expect(batch).toMatchObject({ data_source_id: source, company_id: acme, value_count: 5 });
  });

  test("a failure that passes is tried again, and nothing is doubled", async () => {
    let failures = 1;
    answers.set("flaky", () => {
      failures -= 1;
      if (failures >= 0) throw new Error("a programming error: 500, and no crawling-finished");
      return product(5);
    });
    const source = await registeredSource("e2e-flaky");
    await linkedCompany(source, "Flaky");
    const { status, task } = await runTask(source);
    expect(status).toBe("SUCCESS");
    const call = await selectRow(
      stack.db,
      z.object({ attempt: z.number(), state: z.string() }),
      "select attempt, state from pipeline.mining_call where task_id = $1",
      [task],
    );
    expect(call).toEqual({ attempt: 2, state: "SUCCEEDED" });
    expect(await valuesOf(source, 1)).toHaveLength(3);
  });

  test("more companies than places in flight: each is mined, once", async () => {
    const source = await registeredSource("e2e-many");
    for (let number = 1; number <= 6; number += 1) {
      answers.set(`many-${number}`, () => product(number));
      await linkedCompany(source, `Many-${number}`);
    }
    const before = crawled.length;
    const { status, summary } = await runTask(source);
    expect([status, summary.succeeded]).toEqual(["SUCCESS", 6]);
    const mined = crawled.slice(before);
    expect(mined).toHaveLength(6);
    expect(new Set(mined)).toEqual(new Set([...answers.keys()].filter((key) => key.startsWith("many-"))));
    expect(await valuesOf(source, 6)).toHaveLength(18);
  });

  test("the same answer next time is a new point of its series", async () => {
    answers.set("steady", () => product(5));
    const source = await registeredSource("e2e-steady");
    await linkedCompany(source, "Steady");
    await runTask(source);
    await runTask(source);
    expect(await valuesOf(source, 2)).toHaveLength(6);
  });
});

test("a due task is started by whichever call comes first, and only by one", async () => {
  const source = await insertSource(stack.db, {
    name: "e2e-idle",
    endpoint: `${products.url}/`,
    isActive: false,
  });
  await stack.db.query("delete from company_data_source where data_source_id = $1", [source]);
  const task = await insertTask(stack.db, source);
  const answers = await Promise.all(
    Array.from({ length: 3 }, () => fetch(new URL("/schedule", stack.baseUrl), { method: "POST" })),
  );
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  const ended = await eventually("the task has ended", () =>
    selectRow(
      stack.db,
      z.object({ attempts: z.number(), status: z.string() }),
      "select attempts, status from scheduled_task where task_id = $1 and status = 'SUCCESS'",
      [task],
    ),
  );
  expect(ended).toEqual({ attempts: 1, status: "SUCCESS" });
});
