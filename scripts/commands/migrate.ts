import { migrate as applyMigrations } from "../stack/migrate.ts";
import { UserError } from "../userError.ts";

/** `migrate`: applies sql/ to the database that DATABASE_URL names. */
export async function migrate(options: { json: boolean }): Promise<void> {
  const databaseUrl = process.env["DATABASE_URL"];
  if (!databaseUrl) {
    throw new UserError(
      "DATABASE_URL is not set: set it to the database to migrate, as postgresql://user:password@host:5432/name.",
    );
  }
  const applied = await applyMigrations(databaseUrl);
  if (options.json) {
    console.log(JSON.stringify({ applied }));
    return;
  }
  for (const name of applied) console.log(`Applied ${name}`);
  if (applied.length === 0) console.log("Nothing to apply: the database is up to date.");
}
