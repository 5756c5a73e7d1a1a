import { migrate as applyMigrations, migrateAfterDeploy } from "../stack/migrate.ts";
import { UserError } from "../userError.ts";

/** What a caller may choose. */
export interface MigrateOptions {
  readonly afterDeploy: boolean;
  readonly json: boolean;
}

/** `migrate`: applies sql/ to the database that DATABASE_URL names, or finishes what a deployment left. */
export async function migrate({ afterDeploy, json }: MigrateOptions): Promise<void> {
  const databaseUrl = process.env["DATABASE_URL"];
  if (!databaseUrl) {
    throw new UserError(
      "DATABASE_URL is not set: set it to the database to migrate, as postgresql://user:password@host:5432/name.",
    );
  }
  if (afterDeploy) {
    const removedTransitions = await migrateAfterDeploy(databaseUrl);
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
      `The database is migrated, but this user may not create roles. Have an administrator run "${statements}" and ` +
        "migrate again: functions that connect as another user are refused until then.",
    );
  }
}
