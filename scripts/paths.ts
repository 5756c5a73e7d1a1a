import { join } from "node:path";

/** The folder of the project, wherever the command was called from. */
export const projectDir = join(import.meta.dirname, "..");

/** What the project keeps on this machine only: fetched tools, stamps, logs. Git-ignored. */
export const localDir = join(projectDir, ".local");

/** The numbered SQL migrations. */
export const sqlDir = join(projectDir, "sql");

/** What the migrations make, in words of SQL. */
export const schemaFile = join(sqlDir, "schema.sql");
