import { runner } from "node-pg-migrate";
import pg from "pg";
import { installStateModels } from "../../functions/src/domain/state/installStateModels.ts";
import { sqlDir } from "../paths.ts";
import { messageOf, UserError } from "../userError.ts";

/**
 * Applies the migrations of sql/ that the database does not have yet, all in one transaction.
 *
 * Two runs at once are safe: the second waits for the first (advisory lock) and then finds nothing to do.
 *
 * @returns the names of the migrations that were applied, in order
 */
export async function migrate(databaseUrl: string): Promise<string[]> {
  const client = await connect(databaseUrl);
  let current = "before the first migration";
  try {
    const applied = await runner({
      dbClient: client,
      dir: sqlDir,
      direction: "up",
      schema: "public",
      migrationsSchema: "pipeline",
      createMigrationsSchema: true,
      migrationsTable: "migration",
      advisoryLockMode: "wait",
      singleTransaction: true,
      logger: {
        info: (message) => {
          current = /MIGRATION (\S+)/.exec(message)?.[1] ?? current;
        },
        warn: () => undefined,
        error: () => undefined,
      },
    });
    await installStateModels(client);
    return applied.map((migration) => migration.name);
  } catch (error) {
    throw new UserError(`Migration failed and was rolled back (${current}): ${describe(error)}`, {
      cause: error,
    });
  } finally {
    await client.end();
  }
}

async function connect(databaseUrl: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  // A connection that breaks is reported by the query that uses it; without a listener it would end the process.
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw new UserError(
      `PostgreSQL does not answer at ${withoutPassword(databaseUrl)} (${messageOf(error)}): start it or correct ` +
        "DATABASE_URL, or unset DATABASE_URL to have a throw-away server.",
      { cause: error },
    );
  }
  return client;
}

/** Checks that a database can be reached; says how to solve it when it cannot. */
export async function checkDatabase(databaseUrl: string): Promise<void> {
  const client = await connect(databaseUrl);
  await client.end();
}

function withoutPassword(databaseUrl: string): string {
  if (!URL.canParse(databaseUrl)) return "the address in DATABASE_URL";
  const url = new URL(databaseUrl);
  if (url.password !== "") url.password = "***";
  return url.href;
}

function describe(error: unknown): string {
  if (!(error instanceof pg.DatabaseError)) return messageOf(error);
  return [error.message, error.detail, error.hint, error.where].filter(Boolean).join(" — ");
}
