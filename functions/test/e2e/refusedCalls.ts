import { afterAll, afterEach, beforeAll, beforeEach, expect } from "@jest/globals";
import { z } from "zod";
import { insertCompany, insertSource, insertTask } from "../rows.ts";
import { call, refusal, type SentCall, tokenFor } from "./calls.ts";
import { runningStack } from "./runningStack.ts";

const NAMES = ["refusals", "refusals-other"];

/** A source with a company, a running task, a measurement and a good token; and a source of someone else. */
async function setUp() {
  const stack = await runningStack();
  const source = await insertSource(stack.db, { name: "refusals", isActive: false });
  const otherSource = await insertSource(stack.db, { name: "refusals-other", isActive: false });
  const company = await insertCompany(stack.db, "Refused");
  const task = await insertTask(stack.db, source, {
    status: "PROCESSING",
    attempts: 1,
    startedAt: new Date(),
  });
  const token = await tokenFor({ sourceId: source, taskId: task, companyId: company, attempt: 1 });
  const body = { source_module_id: source, type: "int", measurement_name: "stars" };
  const { answer } = await call(stack.baseUrl, { path: "/source-measurement", body, token });
  const { id: measurement } = z.object({ id: z.number() }).parse(answer);
  return { stack, source, otherSource, company, task, measurement, token };
}

type Setting = Awaited<ReturnType<typeof setUp>>;

/**
 * For a file of tests whose calls are all refused: none of them may leave a trace. Call it at the top of the
 * file; use the result inside tests only.
 */
export function refusedCalls() {
  let setting: Setting | undefined;
  const current = (): Setting => {
    if (setting === undefined) throw new Error("The setting is there inside tests only");
    return setting;
  };
  let before: unknown;
  beforeAll(async () => {
    setting = await setUp();
  });
  beforeEach(async () => {
    before = await written(current());
  });
  afterEach(async () => {
    expect(await written(current())).toEqual(before);
  });
  afterAll(async () => {
    const { stack, source, otherSource } = current();
    await stack.db.query("delete from data_source where id = any ($1)", [[source, otherSource]]);
    await stack.close();
  });
  return {
    current,
    send: (sent: SentCall) => call(current().stack.baseUrl, sent),
    /** Makes a call that must be refused, in the one shape of refusals. */
    async expectRefused(sent: SentCall, status: number, code?: string): Promise<void> {
      const { answer, headers, ...got } = await call(current().stack.baseUrl, sent);
      expect([got.status, answer]).toEqual([status, answer]);
      const { error, detail } = refusal.parse(answer);
      if (code !== undefined) expect(error.code).toBe(code);
      expect(detail).toBe(error.message);
      expect(headers.get("content-type")).toContain("application/json");
    },
  };
}

const WRITTEN = `
  select (select count(*) from company) as companies,
         (select json_agg(m order by id) from source_measurement m where source_module_id = any ($1))
           as measurements,
         (select json_agg(t order by task_id) from scheduled_task t where data_source_id = any ($1)) as tasks,
         (select count(*) from pipeline.mining_call join scheduled_task using (task_id)
           where data_source_id = any ($1)) as calls`;

/** Everything that a call could have written. */
async function written({ stack, source, otherSource }: Setting) {
  const { rows } = await stack.db.query(WRITTEN, [[source, otherSource]]);
  const documents = async (name: string) =>
    (await stack.firestore.collection(`parma/mining/datasource/${name}/raw_data`).count().get()).data().count;
  return { rows, documents: await Promise.all(NAMES.map(documents)) };
}
