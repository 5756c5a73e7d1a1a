import { describe, expect, test } from "@jest/globals";
import { openMining } from "../../../../test/mining.ts";
import { ModuleError } from "../../../domain/miningModule/moduleError.ts";
import { tick } from "../../schedule/tick.ts";
import { cancelBackfill, readBackfill } from "./backfill.ts";
import { type BackfillRequest, startBackfill } from "./startBackfill.ts";

const NOON = new Date("2024-05-15T12:00:00Z");
const mining = openMining(NOON);
const { db } = mining;

const operation = () => ({
  db,
  enqueue: mining.queue.enqueue,
  operator: "user:anna",
  now: mining.now,
});

const start = (request: Partial<BackfillRequest> = {}) =>
  startBackfill(operation(), {
    source: "github",
    mode: "MINE",
    from: new Date("2024-05-15T00:00:00Z"),
    to: new Date("2024-05-16T00:00:00Z"),
    ...request,
  });

const mined = () => mining.module.calls.map(({ company }) => company?.id);

/** Three companies: the first was mined and gave a document, the second failed, the third gave nothing. */
async function aDay(): Promise<number[]> {
  const companies = await mining.companies(3);
  mining.module.behaviour.mine = async ({ company }) => {
    if (company?.id !== companies[1]) return;
    throw new ModuleError("Broken", "It is broken", { retryable: false, blames: "company" });
  };
  await mining.startTask();
  await mining.runAll();
  for (const company of companies.slice(0, 2)) {
    await db.query(
      `insert into pipeline.raw_document
         (id, path, data_source_id, company_id, observed_at, received_at, map_version, state, state_since)
       values ($1::text, $1::text, $2, $3, $4, $4, 1, 'ANALYZED', $4)`,
      [`document-${company}`, mining.source, company, NOON],
    );
  }
  await db.query("insert into pipeline.mining_cursor select $1, id, 'where it stopped', $2 from company", [
    mining.source,
    NOON,
  ]);
  mining.module.calls.length = 0;
  mining.module.behaviour.mine = async () => {};
  mining.now = new Date("2024-05-20T12:00:00Z");
  return companies;
}

async function runNow(): Promise<void> {
  await tick({ db, enqueue: mining.queue.enqueue }, mining.now);
  await mining.runAll();
}

describe("mining again", () => {
  test("is for the companies that lack something in the range, from the beginning", async () => {
    const [first, second, third] = await aDay();
    const { id, task } = await start();
    expect(await readBackfill(db, id)).toMatchObject({ state: "RUNNING", total: 2, done: 0 });
    await expect(start()).rejects.toMatchObject({ code: "conflict" });
    await runNow();
    expect(mined()).toEqual([second, third]);
    expect(await readBackfill(db, id)).toMatchObject({ state: "DONE", task, total: 2, done: 2, failed: 0 });
    const { rows } = await db.query("select company_id from pipeline.mining_cursor");
    expect(rows).toEqual([{ company_id: first }]);
  });

  test("is for all, or for those that are named", async () => {
    const [first, second, third] = await aDay();
    await start({ all: true });
    await runNow();
    expect(mined()).toEqual([first, second, third]);
    mining.module.calls.length = 0;
    await start({ companies: [first ?? 0] });
    await runNow();
    expect(mined()).toEqual([first]);
  });

  test("leaves other tasks of the source as they are", async () => {
    await aDay();
    await start();
    await runNow();
    mining.module.calls.length = 0;
    await mining.startTask();
    await mining.runAll();
    expect(mined()).toHaveLength(3);
  });

  test("ends with its task when it is cancelled", async () => {
    await aDay();
    const { id } = await start();
    expect(await cancelBackfill(operation(), id)).toMatchObject({ state: "CANCELLED" });
    await runNow();
    expect(mined()).toEqual([]);
    expect(await mining.task()).toMatchObject({
      status: "FAILED",
      summary: { reason: "Cancelled by user:anna" },
    });
  });

  test("of a source that names its companies itself is one call", async () => {
    await aDay();
    await db.query(`update data_source set additional_params = '{"names_its_companies": true}'`);
    const { id } = await start();
    await runNow();
    expect(mined()).toEqual([undefined]);
    expect(await readBackfill(db, id)).toMatchObject({ state: "DONE", total: 1, done: 1 });
  });

  test("is refused where nothing is lacking, or the range is none", async () => {
    const [first] = await aDay();
    await db.query("delete from company where id <> $1", [first]);
    await expect(start()).rejects.toMatchObject({ code: "not_found" });
    await expect(start({ to: new Date("2024-05-01T00:00:00Z") })).rejects.toMatchObject({
      code: "invalid_request",
    });
    await expect(start({ source: "nothing" })).rejects.toMatchObject({ code: "not_found" });
    expect((await db.query("select from pipeline.backfill")).rowCount).toBe(0);
  });
});
