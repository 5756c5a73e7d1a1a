import type { StateModel } from "./stateModel.ts";
import { stateModels } from "./stateModels.ts";

const INSTALL = `
  with wanted as (
    select * from unnest($1::text[], $2::text[], $3::text[]) as t (work, from_state, to_state)
  ), gone as (
    delete from pipeline.state_transition there
     where not exists (
       select from wanted
        where (wanted.work, wanted.from_state, wanted.to_state) = (there.work, there.from_state, there.to_state))
  )
  insert into pipeline.state_transition (work, from_state, to_state)
  select work, from_state, to_state from wanted
  on conflict do nothing`;

/** Puts the allowed transitions into the database, where the trigger `check_transition` holds changes against them. */
export async function installStateModels(connection: {
  query(text: string, values: unknown[]): Promise<unknown>;
}): Promise<void> {
  const models: readonly StateModel[] = Object.values(stateModels);
  const rows = models.flatMap(({ table, transitions }) =>
    transitions.filter(([from]) => from !== "new").map(([from, to]) => ({ table, from, to })),
  );
  await connection.query(INSTALL, [
    rows.map(({ table }) => table),
    rows.map(({ from }) => from),
    rows.map(({ to }) => to),
  ]);
}
