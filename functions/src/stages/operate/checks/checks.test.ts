import { beforeAll, describe, expect, test } from "@jest/globals";
import { openTestDatabase } from "../../../../test/openTestDatabase.ts";
import { insertCompany, insertSource, insertTask } from "../../../../test/rows.ts";
import { insertFinding, insertSeries, insertUser } from "../../../../test/subscribers.ts";
import type { Database } from "../../../platform/postgres.ts";
import { readChecks } from "./readChecks.ts";
import { type CheckRow, runCheck } from "./runCheck.ts";

const db = openTestDatabase();
const NOW = new Date("2024-05-15T12:00:00Z");
const SINCE = new Date("2024-05-13T12:00:00Z");
const RECEIVED = "2024-05-15 10:25";

let source: number;
let task: number;

/** A source that ran this morning, brought one document, and made one piece of news of it: all as it should be. */
beforeAll(async () => {
  source = await insertSource(db, { name: "reviews", createdAt: new Date("2024-04-01T00:00:00Z") });
  const company = await insertCompany(db, "Personio");
  await insertCompany(db, "Flink");
  const times = { scheduledAt: new Date("2024-05-15T10:00:00Z") };
  task = await insertTask(db, source, { status: "SUCCESS", ...times });
  await db.query("update scheduled_task set ended_at = '2024-05-15 10:30'");
  await db.query(
    "insert into pipeline.mining_call (task_id, company_id, state) values ($1, $2, 'SUCCEEDED')",
    [task, company],
  );
  await insertDocument(db, "one", { values: 5, issues: 1 });
  const ids = { companyId: company, sourceId: source };
  const series = await insertSeries(db, ids, { name: "review count" });
  for (const [name, type, value] of [
    ["review count", "int", "12"],
    ["score", "float", "-3.5"],
    ["visitors count", "bigint", "5000000000"],
    ["opened", "date", "2024-01-01"],
    ["review", "comment", "Fine."],
  ] as const) {
    const { companyMeasurementId } = type === "int" ? series : await insertSeries(db, ids, { name, type });
    await insertValue(db, type, companyMeasurementId, value, "one");
  }
  await db.query("update measurement_comment_value set sentiment_score = 7");
  const user = await insertUser(db);
  const finding = await insertFinding(db, series, { foundAt: "2024-05-15T10:27:00Z" });
  await db.query(
    `with channel as (
       insert into notification_channel (channel_type, destination, modified_at)
       values ('EMAIL', 'anna@investor.example', now()) returning id
     ), alert as (
       insert into pipeline.delivery (kind, user_id, channel_id, company_id, send_after, created_at)
       select 'ALERT', $1, id, $2, $3, $3 from channel returning id, user_id, channel_id
     )
     insert into pipeline.delivery_finding (finding_id, user_id, channel_id, delivery_id)
     select $4, user_id, channel_id, id from alert`,
    [user, company, RECEIVED, finding],
  );
});

async function insertDocument(
  connection: Database,
  id: string,
  { values = 0, issues = 0, run = task }: { values?: number; issues?: number; run?: number } = {},
) {
  await connection.query(
    `insert into pipeline.raw_document
       (id, path, data_source_id, company_id, task_id, observed_at, received_at, map_version, state, value_count,
        issue_count, state_since)
     select $1, $1, $2, min(id), $3, $4, $4, 1, 'ANALYZED', $5, $6, $4 from company`,
    [id, source, run, RECEIVED, values, issues],
  );
  await connection.query("insert into pipeline.analysis values ($1, 'ANALYZED', $2, 1, 0, 0, '{}')", [
    id,
    RECEIVED,
  ]);
  await connection.query(
    `insert into pipeline.normalization_issue
     select $1, 'path ' || n, 'an integer', 'text' from generate_series(1, $2::int) n`,
    [id, issues],
  );
}

function insertValue(connection: Database, type: string, series: number, value: string, document: string) {
  return connection.query(
    `insert into measurement_${type}_value
       (company_measurement_id, value, "timestamp", raw_document_id, created_at, modified_at)
     values ($1, $2, $3, $4, $3, $3)`,
    [series, value, RECEIVED, document],
  );
}

class Undone extends Error {}

/** What the checks find once `change` is done, which is undone after. */
async function found(change: Change): Promise<Record<string, readonly CheckRow[]>> {
  const findings: Record<string, readonly CheckRow[]> = {};
  const looking = db.transaction(async (connection) => {
    await connection.query("set local parma.enforce_states = 'off'");
    if (typeof change === "string") await connection.query(change);
    else await change(connection);
    const inside: typeof db = { query: connection.query, transaction: (work) => work(connection) };
    for (const check of await readChecks()) {
      const outcome = await runCheck(inside, check, { now: NOW, since: SINCE });
      if (outcome.state === "BROKEN") throw new Error(`${check.name}: ${outcome.error}`);
      if (outcome.state === "FAILING") findings[check.name] = outcome.findings;
    }
    throw new Undone();
  });
  await looking.catch((error: unknown) => {
    if (!(error instanceof Undone)) throw error;
  });
  return findings;
}

type Change = string | ((connection: Database) => Promise<unknown>);

const LONG_AGO =
  "update pipeline.raw_document set received_at = '2024-05-12', observed_at = '2024-05-12', state_since = '2024-05-12'";
const document = (state: string, since: string, count = 1) => `
  insert into pipeline.raw_document (id, path, data_source_id, received_at, state, reason, state_since)
  select state || n, 'path', data_source.id, '${since}', state::pipeline.raw_document_state, 'because', '${since}'
    from data_source, (values ('${state}')) as wanted (state), generate_series(1, ${count}) n`;

const dataProblem = (foundAt: string) => `
  insert into pipeline.data_problem
  select id, data_source_id, company_id, observed_at, 'it is empty', '${foundAt}' from pipeline.raw_document`;

/** A second document, and one that says another number of reviews. */
const second = (value: string, run?: number) => async (connection: Database) => {
  await insertDocument(connection, "two", { values: 1, ...(run === undefined ? {} : { run }) });
  await connection.query(
    `insert into measurement_int_value
       (company_measurement_id, value, "timestamp", raw_document_id, created_at, modified_at)
     select company_measurement_id, $1, "timestamp", 'two', created_at, created_at from measurement_int_value`,
    [value],
  );
};

describe("what is wrong is found, by the check that is for it alone", () => {
  test.each<[check: string, what: string, change: Change, finding: CheckRow]>([
    ["freshness", "a source that succeeds without bringing anything", LONG_AGO, { frequency: "daily" }],
    [
      "documents-waiting",
      "a document that nobody normalized",
      document("RECEIVED", "2024-05-15 10:59"),
      { raw_document_id: "RECEIVED1", state: "received" },
    ],
    [
      "documents-failed",
      "a source whose documents fail",
      document("FAILED", "2024-05-15 11:00", 5),
      { failed: 5, documents: 6 },
    ],
    [
      "data-problems",
      "a source that answers nothing all at once",
      dataProblem("2024-05-15 10:30"),
      { documents: 1 },
    ],
    [
      "document-values",
      "a value that is lost",
      "delete from measurement_float_value",
      { counted: 5, stored: 4 },
    ],
    [
      "document-records",
      "an issue that is lost",
      "delete from pipeline.normalization_issue",
      { problem: "counts 1 issues, and has 0" },
    ],
    [
      "document-records",
      "an analysis that is lost",
      "delete from pipeline.analysis",
      { problem: "is ANALYZED, its analysis missing" },
    ],
    [
      "document-records",
      "a data problem that is not told",
      'insert into pipeline.raw_document select (jsonb_populate_record(d, \'{"id":"two","state":"DATA_PROBLEM","value_count":0,"issue_count":0}\')).* from pipeline.raw_document d; insert into pipeline.analysis values (\'two\', \'DATA_PROBLEM\', \'2024-05-15\', 0, 0, 0, \'{}\')',
      { problem: "is a data problem without saying which" },
    ],
    [
      "orphans",
      "a value of no document",
      (connection) => insertValue(connection, "float", 1, "1", "nobody"),
      { id: "nobody", problem: "1 values of an unknown raw document" },
    ],
    [
      "orphans",
      "a finding of no series",
      "update pipeline.finding set company_measurement_id = 987654",
      { problem: "a finding of a series that is gone" },
    ],
    [
      "orphans",
      "an alert that tells nothing",
      "delete from pipeline.delivery_finding",
      { problem: "an alert without findings", data_source_id: null },
    ],
    [
      "double-values",
      "two numbers for one moment",
      second("13"),
      { raw_document_id: "one", other_raw_document_id: "two" },
    ],
    [
      "company-domains",
      "two companies of one domain",
      "update company set description = case name when 'Flink' then ' WWW.Example.org' else 'example.org' end",
      { company_ids: [1, 2] },
    ],
    [
      "company-domains",
      "a domain that a CRM gave to another company",
      "insert into pipeline.company_domain values ('flink.example', 1); update company set description = 'flink.example' where id = 2",
      { company_ids: [1, 2] },
    ],
    [
      "impossible-values",
      "NaN",
      "update measurement_float_value set value = 'NaN'",
      { problem: "is not a number" },
    ],
    [
      "impossible-values",
      "-Infinity",
      "update measurement_bigint_value set value = '-Infinity'",
      { problem: "is not a number" },
    ],
    [
      "impossible-values",
      "an endless date",
      "update measurement_date_value set value = 'infinity'",
      { problem: "is not a date" },
    ],
    [
      "impossible-values",
      "a negative count",
      "update measurement_int_value set value = -1",
      { problem: "is a negative count" },
    ],
    [
      "impossible-values",
      "an observation from the future",
      "update pipeline.raw_document set observed_at = '2024-05-16 10:26'",
      { problem: "observed at 2024-05-16 10:26:00, received at 2024-05-15 10:25:00" },
    ],
    [
      "impossible-values",
      "a sentiment of ours that is none",
      "update measurement_comment_value set sentiment_score = 11",
      { data_source_id: null, problem: "sentiment 11" },
    ],
  ])("%s: %s", async (check, _what, change, finding) => {
    const attributed = { ...finding };
    if (!("data_source_id" in finding) && check !== "company-domains") attributed["data_source_id"] = source;
    expect(await found(change)).toEqual({ [check]: [expect.objectContaining(attributed)] });
  });
});

describe("what is as it should be passes", () => {
  const STALE_AND = (change: string) => `${LONG_AGO}; ${change}`;

  test.each<[what: string, change: Change]>([
    ["all that there is", "select 1"],
    ["a data problem of last week", dataProblem("2024-05-08 10:30")],
    ["a source whose runs fail", STALE_AND("update scheduled_task set status = 'FAILED'")],
    ["a source that found no company to mine", STALE_AND("update pipeline.mining_call set state = 'FAILED'")],
    ["a source that is switched off", STALE_AND("update data_source set is_active = false")],
    [
      "a source that is paused",
      STALE_AND(
        "insert into pipeline.source_pause select id, 'anna', 'moves', '2024-05-01' from data_source",
      ),
    ],
    ["a source that runs once a week", STALE_AND("update data_source set frequency = 'WEEKLY'")],
    ["a source that is new", STALE_AND("update data_source set created_at = '2024-05-14'")],
    ["a run that has only just ended", STALE_AND("update scheduled_task set ended_at = '2024-05-15 11:05'")],
    ["a document of this hour", document("RECEIVED", "2024-05-15 11:01")],
    ["few failures", document("FAILED", "2024-05-15 11:00", 4)],
    ["failures of last week", document("FAILED", "2024-05-08 11:00", 40)],
    [
      "what retention removed",
      "update pipeline.raw_document set removed_at = '2024-05-15', values_removed_at = '2024-05-15'; delete from measurement_int_value; delete from pipeline.normalization_issue",
    ],
    [
      "an alert that was not to be sent",
      "update pipeline.delivery set state = 'SUPPRESSED'; delete from pipeline.delivery_finding",
    ],
    [
      "values of other writers",
      "update measurement_int_value set raw_document_id = null; update pipeline.raw_document set value_count = 4",
    ],
    ["the same number twice", second("12")],
    ["a correction in a later run", second("13", 4711)],
    [
      "a document about something else",
      async (connection) => {
        await second("13")(connection);
        await connection.query("update pipeline.raw_document set subject = id");
      },
    ],
    [
      "a description that two companies share and that is no domain",
      "update company set description = 'e-commerce'",
    ],
    ["a negative number that is no count", "update measurement_float_value set value = -1e9"],
    [
      "an observation of tomorrow, as another time zone dates it",
      "update pipeline.raw_document set observed_at = '2024-05-16 10:25'",
    ],
  ])("%s", async (_what, change) => {
    expect(await found(change)).toEqual({});
  });
});
