import type { Expired, RetentionStep, RetentionStores } from "./upkeep.ts";

const ROWS_A_BATCH = 5_000;

/** A table of records that nobody looks at after a while. */
interface Records {
  readonly table: `pipeline.${string}`;
  /** The column that says how old a row is; indexed where the table grows. */
  readonly age: string;
  readonly days: number;
  /** Which rows may go at all. */
  readonly when?: string;
}

/** Removes the oldest rows first. */
export function oldRows({ table, age, days, when = "true" }: Records): RetentionStep {
  const remove = `
    delete from ${table}
     where ctid = any (array(
       select ctid from ${table} where ${age} < $1 and ${when} order by ${age} limit $2 for update skip locked))`;
  return {
    kind: "records",
    days,
    remove: async ({ db }: RetentionStores, { before }: Expired) => {
      const { rowCount } = await db.query(remove, [before, ROWS_A_BATCH]);
      return { removed: rowCount ?? 0, isLast: rowCount !== ROWS_A_BATCH };
    },
  };
}
