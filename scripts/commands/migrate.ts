import { writeFile } from "node:fs/promises";
import { schemaFile } from "../paths.ts";
import { describeSchema } from "../stack/describeSchema.ts";
import { migrate as applyMigrations, migrateAfterDeploy } from "../stack/migrate.ts";
import { startPostgres } from "../stack/postgres.ts";
import { UserError } from "../userError.ts";

/** The command's options. */
export interface MigrateOptions {
  readonly afterDeploy: boolean;
  /** In seconds; with afterDeploy. */
  readonly wait: number;
  readonly describe: boolean;
  readonly json: boolean;
}

/**
 * `migrate`: applies sql/ to the database at DATABASE_URL, or removes what the previous release no longer needs, or
 * writes the schema's description.
 */
export async function migrate({ afterDeploy, wait, describe, json }: MigrateOptions): Promise<void> {
  if (describe) {
    await writeSchemaFile();
    console.log(json ? JSON.stringify({ written: "sql/schema.sql" }) : "Wrote sql/schema.sql");
    return;
  }
  const databaseUrl = process.env["DATABASE_URL"];
  if (!databaseUrl) {
    throw new UserError(
      "DATABASE_URL is not set. Set it to the database to migrate, for example postgresql://user:password@host:5432/name.",
    );
  }
  if (afterDeploy) {
    const removedTransitions = await migrateAfterDeploy(databaseUrl, wait);
    console.log(
      json ? JSON.stringify({ removedTransitions }) : `Removed ${removedTransitions} old transitions`,
    );
    return;
  }
  const { applied, missingRoles } = await applyMigrations(databaseUrl);
  if (json) console.log(JSON.stringify({ applied, missingRoles }));
  else if (applied.length === 0) console.log("Nothing to apply: the database is up to date.");
  else for (const name of applied) console.log(`Applied ${name}`);
  if (missingRoles.length > 0) {
    const statements = missingRoles.map((role) => `create role ${role};`).join(" ");
    console.error(
      `The database is migrated, but this user may not create roles. Ask an administrator to run "${statements}", ` +
        "then migrate again. Until then, functions that connect as another user are refused.",
    );
  }
}

/** Uses a temporary server, so that the database holds nothing else. */
async function writeSchemaFile(): Promise<void> {
  const server = await startPostgres("");
  try {
    await applyMigrations(server.url);
    await writeFile(schemaFile, await describeSchema(server.url));
  } finally {
    await server.stop();
  }
}
