import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { fire } from "../../../scripts/stack/scheduler.ts";
import { selectRow } from "../../src/platform/postgres.ts";
import { readChecks } from "../../src/stages/operate/checks/readChecks.ts";
import { eventually, runningStack } from "./runningStack.ts";

jest.setTimeout(120_000);

let stack: Awaited<ReturnType<typeof runningStack>>;
beforeAll(async () => {
  stack = await runningStack();
});
afterAll(() => stack.close());

const WAITING = "e2e-waiting-document";
const NOTICE = `select delivery.state::text from pipeline.notice join pipeline.delivery on delivery.notice_id = notice.id
    where notice.subject = 'Data check failing: Raw documents are processed in time'`;

test("the scheduled function runs all checks as they are deployed, and has operators told", async () => {
  const hoursAgo = new Date(Date.now() - 2 * 3_600_000);
  await stack.db.query(
    "insert into pipeline.raw_document (id, path, state, state_since) values ($1, $1, 'RECEIVED', $2)",
    [WAITING, hoursAgo],
  );
  const job = { id: "europe-west1-checkData", name: "checkData", schedule: "", timeZone: "UTC" };
  await fire(stack, job, new Date());
  const { rows } = await stack.db.query(
    "select state, counts from pipeline.job_run where job = 'checkData' and trigger = 'SCHEDULE'",
  );
  expect(rows).toMatchObject([{ state: "SUCCEEDED", counts: { broken: 0 } }]);
  // Nobody is configured to get it.
  await eventually("the notice has its result", async () => {
    const notice = await selectRow(stack.db, z.object({ state: z.string() }), NOTICE);
    return notice?.state === "SUPPRESSED" ? notice : undefined;
  });
  await stack.db.query("delete from pipeline.raw_document where id = $1", [WAITING]);
});

const printed = z.object({ checks: z.array(z.object({ name: z.string(), state: z.string() })) });

test("the command prints the same, and nothing else", async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(__dirname, "../../../scripts/cli.ts"), "check-data", "--json"],
    { env: { ...process.env, DATABASE_URL: stack.databaseUrl } },
  );
  const { checks } = printed.parse(JSON.parse(stdout));
  expect(checks.map(({ name }) => name)).toEqual((await readChecks()).map(({ name }) => name));
  expect(checks).toContainEqual(expect.objectContaining({ name: "impossible-values", state: "PASSING" }));
});
