import { z } from "zod";
import { type Database, selectRows } from "../../platform/postgres.ts";

/** Whether a source is paused, in SQL: a look-up in the key of pipeline.source_pause. */
export const isPaused = (sourceId: string) =>
  `exists (select from pipeline.source_pause pause where pause.data_source_id = ${sourceId} and pause.lifted_at is null)`;

const idRow = z.object({ data_source_id: z.number() });

const PAUSE = `
  insert into pipeline.source_pause (data_source_id, paused_by, reason, since)
  select id, $2, $3, $4 from data_source where id = any ($1::int[]) order by id
  on conflict (data_source_id, paused_by) do nothing
  returning data_source_id`;

/**
 * Pauses sources: they are not started and get no more calls; what is under way ends.
 *
 * @param by 'check:<name>', or the operator
 * @returns those that `by` had not paused before
 */
export async function pauseSources(
  connection: Database,
  { sourceIds, by, reason }: { sourceIds: readonly number[]; by: string; reason: string },
  now: Date,
): Promise<number[]> {
  const rows = await selectRows(connection, idRow, PAUSE, [sourceIds, by, reason, now]);
  return rows.map((row) => row.data_source_id);
}

const END_PAUSES = `
  delete from pipeline.source_pause
   where paused_by = $1 and data_source_id <> all ($2::int[])
  returning data_source_id, lifted_at is null as was_paused`;

/**
 * Ends the pauses that `by` made, but for the sources that are still to be paused.
 *
 * @returns those that it had paused until now; another may go on pausing them
 */
export async function endPauses(
  connection: Database,
  { by, but }: { by: string; but: readonly number[] },
): Promise<number[]> {
  const rows = await selectRows(connection, idRow.extend({ was_paused: z.boolean() }), END_PAUSES, [by, but]);
  return rows.filter((row) => row.was_paused).map((row) => row.data_source_id);
}

// A check that still fails would pause the source again: its row stays, and says who knows better.
const LIFT = `
  with ended as (
    delete from pipeline.source_pause where data_source_id = $1 and paused_by not like 'check:%'
  )
  update pipeline.source_pause set lifted_at = $3, lifted_by = $2
   where data_source_id = $1 and paused_by like 'check:%' and lifted_at is null`;

/** An operator resumes a source, whoever paused it. Its calls are to be released, as in miningCall/resumeSource.ts. */
export async function liftPauses(
  connection: Database,
  { sourceId, by }: { sourceId: number; by: string },
  now: Date,
): Promise<void> {
  await connection.query(LIFT, [sourceId, by, now]);
}
