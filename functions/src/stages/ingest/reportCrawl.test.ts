import { beforeEach, describe, expect, test } from "@jest/globals";
import { emptyTables } from "../../../test/emptyTables.ts";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";
import { insertCompany, insertSource, insertTask } from "../../../test/rows.ts";
import type { ModuleClaims } from "../../domain/miningModule/moduleToken.ts";
import { type CrawlReport, reportCrawl } from "./reportCrawl.ts";

const db = openTestDatabase();
const now = new Date("2024-05-15T12:00:00Z");
const crawlingError = { error_type: "CrawlingError", error_description: "404 for personio" };

let sourceId: number;
let taskId: number;
let companies: number[];
let filed: Map<number | null, number>;
beforeEach(async () => {
  await emptyTables(db);
  sourceId = await insertSource(db, { additionalParams: { calls_in_flight: 2 } });
  companies = [await insertCompany(db, "A"), await insertCompany(db, "B"), await insertCompany(db, "C")];
  taskId = await insertTask(db, sourceId, { status: "PROCESSING", attempts: 2, startedAt: now });
  filed = new Map();
});

async function openCalls(companyIds: readonly (number | null)[], state = "RUNNING"): Promise<void> {
  await db.query(
    `insert into pipeline.mining_call (task_id, company_id, state) select $1, unnest($2::int[]), $3::pipeline.call_state`,
    [taskId, companyIds, state],
  );
  await db.query("insert into pipeline.task_run (task_id, last_seen_at, fanned_out) values ($1, $2, true)", [
    taskId,
    now,
  ]);
}

const report = (claims: Partial<ModuleClaims>, errors: CrawlReport["errors"] = {}) =>
  reportCrawl(
    { db, countFiled: async (_source, { companyId }) => filed.get(companyId) ?? 0 },
    { claims: { sourceId, ...claims }, taskId, errors, now },
  );

const calls = async () =>
  (
    await db.query(
      "select company_id, state, error_type, error_text from pipeline.mining_call order by company_id nulls last",
    )
  ).rows;
const task = async () => (await db.query("select status, result_summary from scheduled_task")).rows[0];

describe("a report about one company", () => {
  const claims = () => ({ taskId, attempt: 2, companyId: companies[0] });
  beforeEach(() => openCalls(companies));

  test("without an error ends its call, and no other", async () => {
    await report(claims());
    expect(await calls()).toMatchObject([
      { state: "SUCCEEDED", error_type: null },
      { state: "RUNNING" },
      { state: "RUNNING" },
    ]);
    expect(await task()).toMatchObject({ status: "PROCESSING" });
  });

  test("with an error and no data fails its call", async () => {
    await report(claims(), { [String(companies[0])]: crawlingError });
    expect((await calls())[0]).toMatchObject({
      state: "FAILED",
      error_type: "CrawlingError",
      error_text: "404 for personio",
    });
  });

  test("with an error although data came succeeds, with a warning", async () => {
    filed.set(companies[0] ?? 0, 1);
    const error = { error_type: "ClientInvalidBodyError", error_description: null };
    await report(claims(), { [String(companies[0])]: error });
    expect((await calls())[0]).toMatchObject({
      state: "SUCCEEDED",
      error_type: "ClientInvalidBodyError",
      error_text: "ClientInvalidBodyError",
    });
  });

  test("with an error under another key is still about it", async () => {
    await report(claims(), { "an-id-of-the-source": crawlingError });
    expect(await calls()).toMatchObject([{ state: "FAILED" }, { state: "RUNNING" }, { state: "RUNNING" }]);
  });

  test("twice and at once changes nothing more", async () => {
    await Promise.all([report(claims()), report(claims())]);
    const before = await calls();
    await report(claims());
    expect(await calls()).toEqual(before);
  });

  test("of an older attempt changes nothing", async () => {
    const before = await calls();
    await report({ ...claims(), attempt: 1 });
    await report({ ...claims(), attempt: 1 }, { [String(companies[0])]: crawlingError });
    expect(await calls()).toEqual(before);
  });

  test.each(["PENDING", "SUCCESS", "FAILED"])("of a task that is %s changes nothing", async (status) => {
    await db.query("update scheduled_task set status = $1::task_status", [status]);
    const before = await calls();
    await report(claims(), { [String(companies[0])]: crawlingError });
    expect(await calls()).toEqual(before);
    expect(await task()).toMatchObject({ status });
  });

  test("holds texts that Postgres does not take, and cuts long ones", async () => {
    const error = { error_type: "E\0", error_description: `\0${"x".repeat(100_000)}` };
    await report(claims(), { [String(companies[0])]: error });
    const [call] = await calls();
    expect(call).toMatchObject({ state: "FAILED", error_type: "E�" });
    expect(JSON.stringify(call).length).toBeLessThan(2500);
  });
});

test("the last company's report completes the task", async () => {
  await openCalls(companies);
  for (const companyId of companies) await report({ taskId, attempt: 2, companyId });
  expect(await task()).toMatchObject({ status: "SUCCESS" });
});

describe("a report by a token that names no company is about the whole task", () => {
  test("the companies with errors fail, the others succeed", async () => {
    await openCalls(companies);
    filed.set(companies[2] ?? 0, 3);
    await report({}, { [String(companies[1])]: crawlingError, [String(companies[2])]: crawlingError });
    expect(await calls()).toMatchObject([
      { state: "SUCCEEDED", error_type: null },
      { state: "FAILED", error_type: "CrawlingError" },
      { state: "SUCCEEDED", error_type: "CrawlingError" },
    ]);
    expect(await task()).toMatchObject({ status: "SUCCESS" });
  });

  test.each([
    [0, "FAILED"],
    [4, "SUCCEEDED"],
  ])("a CRM's one call, with %i companies fed, has %s", async (count, state) => {
    await openCalls([null]);
    filed.set(null, count);
    await report({ taskId, attempt: 2 }, { "9001": crawlingError, "9002": crawlingError });
    expect(await calls()).toMatchObject([
      { company_id: null, state, error_text: "9001: 404 for personio\n9002: 404 for personio" },
    ]);
  });
});

describe("a report about a task that is not the caller's is refused", () => {
  beforeEach(() => openCalls(companies));
  test.each<[string, () => Partial<ModuleClaims>, number]>([
    [
      "the token is for another task",
      () => ({ taskId: taskId + 1, attempt: 2, companyId: companies[0] }),
      403,
    ],
    ["the task is another source's", () => ({ sourceId: sourceId + 1 }), 403],
  ])("%s", async (_what, claims, status) => {
    const before = await calls();
    await expect(report(claims())).rejects.toMatchObject({ status });
    expect(await calls()).toEqual(before);
  });

  test("there is no such task", async () => {
    await db.query("delete from scheduled_task");
    await expect(report({})).rejects.toMatchObject({ status: 404 });
  });
});

describe("a report that comes after its call has ended", () => {
  const late = { error_type: "CrawlingError", error_description: "no such page" };

  test.each([
    ["SUCCEEDED", null, "CrawlingError"],
    ["FAILED", "NothingDone", "CrawlingError"],
    ["FAILED", "Timeout", "Timeout"],
  ])("%s with %p: its errors are kept beside what the call said", async (state, errorType, kept) => {
    await openCalls([companies[0] ?? 0], state);
    await db.query("update pipeline.mining_call set error_type = $1", [errorType]);
    await db.query("update scheduled_task set status = 'SUCCESS'");
    await report({ taskId, attempt: 2, companyId: companies[0] }, { [companies[0] ?? 0]: late });
    expect(await calls()).toMatchObject([{ state, error_type: kept }]);
    expect(await task()).toMatchObject({ status: "SUCCESS" });
  });

  test("of an older attempt changes nothing", async () => {
    await openCalls([companies[0] ?? 0], "SUCCEEDED");
    await report({ taskId, attempt: 1, companyId: companies[0] }, { [companies[0] ?? 0]: late });
    expect(await calls()).toMatchObject([{ state: "SUCCEEDED", error_type: null }]);
  });
});
