import { setTimeout } from "node:timers/promises";
import { runner } from "node-pg-migrate";
import pg from "pg";
import { z } from "zod";
import { sqlDir } from "../paths.ts";
import { messageOf, UserError } from "../userError.ts";
import { addTransitions, hasOldTransitions, removeOldTransitions } from "./stateTransitions.ts";

/** The result of a migration. */
export interface Migrated {
  /** The migrations applied, in order. */
  readonly applied: string[];
  /** Roles that do not exist and that this user may not create. */
  readonly missingRoles: string[];
}

const missingRow = z.object({ missing: z.array(z.string()) });

/**
 * Applies the migrations in sql/ that the database lacks, all in one transaction; then adds the state models'
 * transitions and grants the roles what they need. It only adds, so that the previous release keeps working.
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
      // Other files beside the numbered migrations.
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
    // After a lost connection, nobody knows whether the commit reached the server.
    const outcome =
      error instanceof pg.DatabaseError
        ? "Migration failed and was rolled back"
        : "Migration failed but may have been applied; run it again to find out";
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
      `The migrations were applied, but transitions or grants could not be added: ${describe(error)}. ` +
        "Fix the cause, then run it again.",
      { cause: error },
    );
  }
}

/**
 * Removes the transitions that the state models no longer have; run it after the deployment. If there are any, it
 * first waits for the previous release's calls to end.
 *
 * @returns how many were removed
 */
export async function migrateAfterDeploy(databaseUrl: string, waitSeconds: number): Promise<number> {
  if (waitSeconds > 0 && (await onConnection(databaseUrl, hasOldTransitions))) {
    await setTimeout(waitSeconds * 1000);
  }
  return onConnection(databaseUrl, async (db) => {
    await db.query("select pipeline.move_operator_notices()");
    return removeOldTransitions(db);
  });
}

async function onConnection<T>(databaseUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connect(databaseUrl);
  try {
    return await work(client);
  } catch (error) {
    throw new UserError(`Could not remove old transitions: ${describe(error)}`, { cause: error });
  } finally {
    await client.end();
  }
}

async function connect(databaseUrl: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  // The query that uses a broken connection reports it; without a listener, it would end the process.
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw new UserError(
      `PostgreSQL does not answer at ${withoutPassword(databaseUrl)} (${messageOf(error)}). Start it, correct ` +
        "DATABASE_URL, or unset it to use a temporary server.",
      { cause: error },
    );
  }
  return client;
}

/** Checks that a database can be reached; if not, the error says what to do. */
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
