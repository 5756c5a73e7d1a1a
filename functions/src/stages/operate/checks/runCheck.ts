import pg from "pg";
import { z } from "zod";
import { errorText } from "../../../platform/errorText.ts";
import { selectRow, type TransactionalDatabase } from "../../../platform/postgres.ts";
import type { DataCheck } from "./readChecks.ts";

/** The period that a check looks at. */
export interface CheckPeriod {
  readonly now: Date;
  readonly since: Date;
}

/** What a check found. */
export type CheckRow = Readonly<Record<string, unknown>>;

/** How a run of a check ended. */
export type CheckOutcome =
  | {
      readonly state: "PASSING" | "FAILING";
      readonly failingCount: number;
      /** The first of the rows. */
      readonly findings: readonly CheckRow[];
      /** All sources that rows name. */
      readonly sourceIds: readonly number[];
    }
  | { readonly state: "BROKEN"; readonly error: string };

const KEPT_ROWS = 100;
/** A check takes milliseconds; one that takes this long is a burden on the database. */
const TIMEOUT_MS = 30_000;

const LIMITS =
  "select set_config('transaction_read_only', 'on', true), set_config('statement_timeout', $1, true)";

// The last line is for checks that do not use both parameters.
const around = (sql: string) => `
with finding as materialized (
${sql.trimEnd()}
)
select (select count(*) from finding) as failing_count,
       (select coalesce(jsonb_agg(to_jsonb(first)), '[]') from (select * from finding limit ${KEPT_ROWS}) as first) as findings,
       array(select distinct (to_jsonb(finding) ->> 'data_source_id')::integer from finding
              where to_jsonb(finding) ->> 'data_source_id' is not null order by 1) as source_ids
 where $1::timestamp(3) >= $2::timestamp(3)`;

const resultRow = z.object({
  failingCount: z.coerce.number(),
  findings: z.array(z.record(z.string(), z.unknown())),
  sourceIds: z.array(z.int()),
});

/**
 * Runs a check in a read-only transaction.
 *
 * @throws passing errors that are not the check's fault: a lost connection, a server that shuts down
 */
export async function runCheck(
  db: TransactionalDatabase,
  check: DataCheck,
  { now, since }: CheckPeriod,
  timeoutMs = TIMEOUT_MS,
): Promise<CheckOutcome> {
  try {
    const row = await db.transaction(async (connection) => {
      await connection.query(LIMITS, [String(timeoutMs)]);
      return selectRow(connection, resultRow, around(check.sql), [now, since]);
    });
    if (row === undefined) throw new Error(`The check ${check.name} gave no result`);
    const { failingCount, findings, sourceIds } = row;
    return { state: failingCount === 0 ? "PASSING" : "FAILING", failingCount, findings, sourceIds };
  } catch (error) {
    if (isOwnFault(error)) return { state: "BROKEN", error: errorText(error) };
    throw error;
  }
}

// PostgreSQL's classes of errors that any statement may meet: connection, rollback, resources, intervention by an
// operator (but for 57014, a statement that took too long), and the server itself.
const PASSING_CLASSES = /^(08|40|53|57P|58|XX)/;

function isOwnFault(error: unknown): boolean {
  return error instanceof pg.DatabaseError && !PASSING_CLASSES.test(error.code ?? "08");
}
