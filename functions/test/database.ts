import { randomBytes } from "node:crypto";
import pg from "pg";
import { z } from "zod";

/** A database of a test's own. */
export interface TestDatabase {
  readonly url: string;
  /** Ends every connection to it and removes it. */
  drop(): Promise<void>;
}

const testServerSchema = z.object({ serverUrl: z.string(), template: z.string() });

/** The server that the unit tests run on, and the migrated database on it that is cloned. */
export function testServer(): z.infer<typeof testServerSchema> {
  const found = process.env["PARMA_TEST_POSTGRES"];
  if (!found)
    throw new Error("PARMA_TEST_POSTGRES is not set: run the tests by `scripts/dev test` or `npx jest`.");
  return testServerSchema.parse(JSON.parse(found));
}

/** An empty, migrated database: a clone of the template. Drop it in afterAll. */
export async function testDatabase(): Promise<TestDatabase> {
  const { serverUrl, template } = testServer();
  const name = `parma_test_${randomBytes(6).toString("hex")}`;
  await createDatabase(serverUrl, name, template);
  return { url: databaseUrl(serverUrl, name), drop: () => dropDatabase(serverUrl, name) };
}

/** The address of another database on the same server. */
export function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** Creates a database, as a clone of the template if one is named. */
export async function createDatabase(serverUrl: string, name: string, template = "template0"): Promise<void> {
  await run(
    serverUrl,
    `CREATE DATABASE ${pg.escapeIdentifier(name)} TEMPLATE ${pg.escapeIdentifier(template)}`,
  );
}

/** Removes a database, whoever is still connected to it. */
export async function dropDatabase(serverUrl: string, name: string): Promise<void> {
  await run(serverUrl, `DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`);
}

async function run(serverUrl: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
