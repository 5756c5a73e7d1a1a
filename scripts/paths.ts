import { join } from "node:path";

/** The project's folder, wherever the command runs. */
export const projectDir = join(import.meta.dirname, "..");

/** Local files, ignored by Git: fetched tools, stamps, logs. */
export const localDir = join(projectDir, ".local");

/** The numbered SQL migrations. */
export const sqlDir = join(projectDir, "sql");

/** The schema that the migrations produce. */
export const schemaFile = join(sqlDir, "schema.sql");
