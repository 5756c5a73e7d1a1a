import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";
import { insertSource, insertTask } from "../../../test/rows.ts";
import type { StateModel } from "./stateModel.ts";
import { stateModels } from "./stateModels.ts";

const models: readonly StateModel[] = Object.values(stateModels);

describe.each(models.map((model) => [model.title, model] as const))("%s", (_title, model) => {
  const { states, transitions } = model;
  const reachedFrom = (start: string): Set<string> => {
    const reached = new Set([start]);
    for (const state of reached) {
      for (const [from, to] of transitions) if (from === state) reached.add(to);
    }
    return reached;
  };

  test("every state can be reached, and from every state an end", () => {
    const ends = Object.keys(states).filter((state) => states[state]?.isFinal);
    expect(reachedFrom("new")).toEqual(new Set(["new", ...Object.keys(states)]));
    // A breaker has no end: it goes round.
    if (ends.length === 0) return;
    for (const state of Object.keys(states)) {
      expect(ends.some((end) => reachedFrom(state).has(end))).toBe(true);
    }
  });

  test("names each change once", () => {
    const changes = transitions.map(([from, to]) => `${from} ${to}`);
    expect(new Set(changes).size).toBe(changes.length);
  });
});

describe("the database", () => {
  const db = openTestDatabase();
  const status = async (id: number) =>
    (await db.query("select status from scheduled_task where task_id = $1", [id])).rows;

  test("knows the states that the models have", async () => {
    for (const { table, column, states } of models) {
      const { rows } = await db.query(
        `select array_agg(e.enumlabel::text) as states
           from pg_attribute a join pg_enum e on e.enumtypid = a.atttypid
          where a.attrelid = $1::regclass and a.attname = $2`,
        [table, column],
      );
      const known = z.array(z.object({ states: z.array(z.string()) })).parse(rows)[0]?.states;
      expect(new Set(known)).toEqual(new Set(Object.keys(states)));
    }
  });

  test("refuses a change that the model does not have, and keeps what was refused", async () => {
    const task = await insertTask(db, await insertSource(db), { status: "SUCCESS" });
    const { rowCount } = await db.query(
      "update scheduled_task set status = 'PROCESSING', attempts = 9 where task_id = $1",
      [task],
    );
    expect(rowCount).toBe(0);
    expect(await status(task)).toEqual([{ status: "SUCCESS" }]);
    const { rows } = await db.query(
      "select work, row_key, from_state, to_state from pipeline.refused_transition",
    );
    expect(rows).toEqual([
      {
        work: "public.scheduled_task",
        row_key: String(task),
        from_state: "SUCCESS",
        to_state: "PROCESSING",
      },
    ]);
  });

  test("leaves the other rows of the statement, and a change of something else, alone", async () => {
    const source = await insertSource(db, { name: "another" });
    const done = await insertTask(db, source, { status: "FAILED" });
    const waiting = await insertTask(db, source, { status: "PENDING" });
    const { rowCount } = await db.query(
      "update scheduled_task set status = 'PROCESSING' where task_id in ($1, $2)",
      [done, waiting],
    );
    expect(rowCount).toBe(1);
    expect([await status(done), await status(waiting)]).toEqual([
      [{ status: "FAILED" }],
      [{ status: "PROCESSING" }],
    ]);
    await db.query("update scheduled_task set result_summary = 'by hand' where task_id = $1", [done]);
    const { rows } = await db.query("select result_summary from scheduled_task where task_id = $1", [done]);
    expect(rows).toEqual([{ result_summary: "by hand" }]);
  });

  test("lets the web application and people do what they want", async () => {
    const task = await insertTask(db, await insertSource(db, { name: "by hand" }), { status: "SUCCESS" });
    await db.transaction(async (connection) => {
      await connection.query("set local parma.enforce_states = off");
      await connection.query("update scheduled_task set status = 'PENDING' where task_id = $1", [task]);
    });
    expect(await status(task)).toEqual([{ status: "PENDING" }]);
  });
});
