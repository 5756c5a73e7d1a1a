import type { StateModel } from "../../functions/src/domain/state/stateModel.ts";
import { stateModels } from "../../functions/src/domain/state/stateModels.ts";
import type { Database } from "../../functions/src/platform/postgres.ts";

// All take the models' transitions as $1 to $3.
const WANTED = `select work, from_state, to_state from unnest($1::text[], $2::text[], $3::text[])
                  as wanted (work, from_state, to_state)`;

const ADD = `
  insert into pipeline.state_transition (work, from_state, to_state)
  ${WANTED}
  on conflict do nothing`;

const OLD = `pipeline.state_transition where (work, from_state, to_state) not in (${WANTED})`;

const ANY_OLD = `select from ${OLD} limit 1`;

const REMOVE = `delete from ${OLD}`;

/**
 * Adds the allowed transitions to the database, where the trigger `check_transition` enforces them. Transitions that
 * the models no longer have stay: functions of the previous release may still make them.
 */
export async function addTransitions(db: Database): Promise<void> {
  await db.query(ADD, wanted());
}

/** Whether there are transitions that the models no longer have. */
export async function hasOldTransitions(db: Database): Promise<boolean> {
  const { rowCount } = await db.query(ANY_OLD, wanted());
  return rowCount === 1;
}

/**
 * Removes the transitions that the models no longer have, once the previous release has stopped.
 *
 * @returns how many were removed
 */
export async function removeOldTransitions(db: Database): Promise<number> {
  const { rowCount } = await db.query(REMOVE, wanted());
  return rowCount ?? 0;
}

function wanted(): [works: string[], from: string[], to: string[]] {
  const models: readonly StateModel[] = Object.values(stateModels);
  const rows = models.flatMap(({ table, transitions }) =>
    transitions.filter(([from]) => from !== "new").map(([from, to]) => ({ table, from, to })),
  );
  return [rows.map(({ table }) => table), rows.map(({ from }) => from), rows.map(({ to }) => to)];
}
