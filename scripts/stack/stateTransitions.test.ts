import { expect, test } from "@jest/globals";
import pg from "pg";
import { testDatabase } from "../../functions/test/database.ts";
import { openTestDatabase } from "../../functions/test/openTestDatabase.ts";
import { insertSource, insertTask } from "../../functions/test/rows.ts";
import { migrateAfterDeploy } from "./migrate.ts";
import { addTransitions, removeOldTransitions } from "./stateTransitions.ts";

const db = openTestDatabase();

const move = async (id: number, to: string) =>
  (await db.query("update scheduled_task set status = $2 where task_id = $1", [id, to])).rowCount;

test("waits for the previous release only if there is anything to remove", async () => {
  const { url, drop } = await testDatabase();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    expect(await migrateAfterDeploy(url, 3600)).toBe(0);
    await client.query(
      "insert into pipeline.state_transition values ('public.scheduled_task', 'FAILED', 'PENDING')",
    );
    const started = performance.now();
    expect(await migrateAfterDeploy(url, 1)).toBe(1);
    expect(performance.now() - started).toBeGreaterThan(990);
  } finally {
    await client.end();
    await drop();
  }
});

test("keeps the previous release's transitions until the deployment is over", async () => {
  // One of the previous release, one of the new.
  const [old, current] = [
    ["SUCCESS", "PENDING"],
    ["PENDING", "PROCESSING"],
  ];
  await db.query("insert into pipeline.state_transition values ('public.scheduled_task', $1, $2)", old);
  await db.query(
    "delete from pipeline.state_transition where work = 'public.scheduled_task' and (from_state, to_state) = ($1, $2)",
    current,
  );
  const task = await insertTask(db, await insertSource(db, { name: "old" }), { status: "SUCCESS" });

  await addTransitions(db);
  expect(await move(task, "PENDING")).toBe(1);
  expect(await move(task, "PROCESSING")).toBe(1);
  expect(await move(task, "SUCCESS")).toBe(1);

  expect(await removeOldTransitions(db)).toBe(1);
  expect(await move(task, "PENDING")).toBe(0);
  expect(await removeOldTransitions(db)).toBe(0);
});
