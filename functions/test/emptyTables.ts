import type { Database } from "../src/platform/postgres.ts";

/** What migrations fill. */
const FILLED = ["pipeline.migration", "pipeline.state_transition", "pipeline.retention"];

// First the rows that others must not be deleted before.
const EMPTY = `
  do $$
  declare
    one regclass;
  begin
    for one in
      select class.oid
        from pg_class class
       where class.relkind = 'r' and class.relnamespace in ('public'::regnamespace, 'pipeline'::regnamespace)
         and class.oid <> all ('{${FILLED.join()}}'::regclass[])
       order by exists (
         select from pg_constraint where conrelid = class.oid and confdeltype in ('a', 'r')) desc
    loop
      execute format('delete from %s', one);
    end loop;
  end $$`;

const RESTART = `
  select setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)
    from pg_sequences
   where schemaname in ('public', 'pipeline') and last_value is not null`;

/**
 * Empties the database of a test, between one test and the next. Truncating would take a tenth of a second, as it makes
 * new files for each of the tables and their indexes.
 */
export async function emptyTables(db: Database, { restartsIds = false } = {}): Promise<void> {
  await db.query(EMPTY);
  if (restartsIds) await db.query(RESTART);
}
