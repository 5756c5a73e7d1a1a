import { randomBytes } from "node:crypto";
import pg from "pg";
import { whenStopping } from "../stack/shutdown.ts";
import { messageOf, UserError } from "../userError.ts";

/**
 * If DATABASE_URL names a server, creates an empty database there for this run, so that the demo neither finds nor
 * leaves anything in the named one. It is dropped when everything stops.
 */
export async function useOwnDatabase(): Promise<void> {
  const named = process.env.DATABASE_URL;
  if (!named) return;
  const name = `parma_demo_${randomBytes(6).toString("hex")}`;
  try {
    await run(named, `create database ${name}`);
  } catch (error) {
    throw new UserError(
      `The demo could not create its own database on the server at DATABASE_URL (${messageOf(error)}). Grant the ` +
        "user CREATEDB, or unset DATABASE_URL to use a temporary server.",
      { cause: error },
    );
  }
  whenStopping(() => run(named, `drop database if exists ${name} with (force)`));
  const own = new URL(named);
  own.pathname = `/${name}`;
  process.env.DATABASE_URL = own.href;
}

async function run(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
