import { setTimeout } from "node:timers/promises";
import { runner } from "node-pg-migrate";
import pg from "pg";
import { z } from "zod";
import { sqlDir } from "../paths.ts";
import { messageOf, UserError } from "../userError.ts";
import { addTransitions, hasOldTransitions, removeOldTransitions } from "./stateTransitions.ts";

/** What a migration did. */
export interface Migrated {
  /** The names of the migrations that were applied, in order. */
  readonly applied: string[];
  /** The roles that do not exist and that the migrating user may not create. */
  readonly missingRoles: string[];
}

const missingRow = z.object({ missing: z.array(z.string()) });

/**
 * Applies the migrations of sql/ that the database does not have yet, all in one transaction; then adds the transitions
 * of the state models and grants the roles what they need. It only adds, so that the release before goes on working.
 *
 * Two runs at once are safe: the second waits for the first (advisory lock) and then finds nothing to do.
 */
export async function migrate(databaseUrl: string): Promise<Migrated> {
  const client = await connect(databaseUrl);
  try {
    const applied = await applyMigrations(client);
    return { applied, missingRoles: await allow(client) };
  } finally {
    await client.end();
  }
}

async function applyMigrations(client: pg.Client): Promise<string[]> {
  let current = "before the first migration";
  try {
    const applied = await runner({
      dbClient: client,
      dir: sqlDir,
      // What stands beside the numbered migrations.
      ignorePattern: String.raw`(?!\d{4}_).*`,
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
    return applied.map((migration) => migration.name);
  } catch (error) {
    // A lost connection does not tell whether the commit reached the server.
    const outcome =
      error instanceof pg.DatabaseError
        ? "Migration failed and was rolled back"
        : "Migration failed and may have been applied: run it again to see";
    throw new UserError(`${outcome} (${current}): ${describe(error)}`, { cause: error });
  }
}

/** Adds transitions and grants. @returns the roles that are missing */
async function allow(client: pg.Client): Promise<string[]> {
  try {
    await addTransitions(client);
    const { rows } = await client.query("select pipeline.grant_access() as missing");
    const [{ missing }] = z.tuple([missingRow]).parse(rows);
    return missing;
  } catch (error) {
    throw new UserError(
      `The migrations are applied, but transitions or grants could not be added: ${describe(error)}. ` +
        "Once the reason is gone, run it again.",
      { cause: error },
    );
  }
}

/**
 * What a migration must leave to the time after the deployment: removes the transitions that the state models no longer
 * have. Where there are any, it first waits for the calls of the release before to end.
 *
 * @returns how many there were
 */
export async function migrateAfterDeploy(databaseUrl: string, waitSeconds: number): Promise<number> {
  if (waitSeconds > 0 && (await onConnection(databaseUrl, hasOldTransitions))) {
    await setTimeout(waitSeconds * 1000);
  }
  return onConnection(databaseUrl, removeOldTransitions);
}

async function onConnection<T>(databaseUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connect(databaseUrl);
  try {
    return await work(client);
  } catch (error) {
    throw new UserError(`Old transitions could not be removed: ${describe(error)}`, { cause: error });
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
