import { expect, test } from "@jest/globals";
import { openTestDatabase } from "../../functions/test/openTestDatabase.ts";
import { insertSource, insertTask } from "../../functions/test/rows.ts";
import { addTransitions, removeOldTransitions } from "./stateTransitions.ts";

const db = openTestDatabase();

const move = async (id: number, to: string) =>
  (await db.query("update scheduled_task set status = $2 where task_id = $1", [id, to])).rowCount;

test("keeps the transitions of the release before until the deployment is over", async () => {
  // Of the release before, and of the one that is deployed.
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
