import { setTimeout } from "node:timers/promises";
import pg from "pg";
import type { z } from "zod";
import { whenStopping } from "./shutdown.ts";

/** Runs a statement and parses every row. */
export type Query = <S extends z.ZodType>(
  schema: S,
  text: string,
  values?: readonly unknown[],
) => Promise<z.output<S>[]>;

// A restart takes well under a second, or longer on a busy machine.
const PATIENCE_MS = 30_000;
const TRY_EVERY_MS = 100;

/**
 * Queries a database that may restart at any time. A statement interrupted by a restart is repeated, so it must be safe
 * to run twice.
 */
export function openQuery(url: string): { query: Query; close: () => Promise<void> } {
  const pool = new pg.Pool({ connectionString: url, max: 2, options: "-c TimeZone=UTC" });
  pool.on("error", () => undefined);
  const close = whenStopping(() => pool.end());
  const query: Query = async (schema, text, values = []) => {
    const giveUpAt = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        const { rows } = await pool.query(text, [...values]);
        return schema.array().parse(rows);
      } catch (error) {
        if (!isPassing(error) || performance.now() > giveUpAt) throw error;
        await setTimeout(TRY_EVERY_MS);
      }
    }
  };
  return { query, close };
}

// PostgreSQL's classes "connection exception" and "operator intervention" (it shuts down, or starts up).
const PASSING_STATES = /^(08|57)/;

/** Whether a restart caused the error: the connection broke or was refused. */
function isPassing(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return PASSING_STATES.test(error.code ?? "");
  return (
    error instanceof Error &&
    (/ECONN|EPIPE/.test(error.message) || /^Connection terminated/.test(error.message) || "code" in error)
  );
}
