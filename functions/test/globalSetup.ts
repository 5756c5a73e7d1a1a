import { startFirestore } from "../../scripts/stack/firestore.ts";
import { migrate } from "../../scripts/stack/migrate.ts";
import { startPostgres } from "../../scripts/stack/postgres.ts";
import { stopEverything, stopOnSignals, together } from "../../scripts/stack/shutdown.ts";
import { createDatabase, databaseUrl } from "./database.ts";

const projectId = "demo-parma";

/**
 * Once for all unit tests: a PostgreSQL server with a migrated template that each test file clones, and a
 * Firestore emulator. Both are real, so that locks, constraints and transactions are what they are in
 * production.
 */
export default async function globalSetup(): Promise<void> {
  stopOnSignals();
  try {
    const [server, firestore] = await together(
      startPostgres(),
      startFirestore(projectId, (message) => console.error(message)),
    );
    const template = `parma_template_${process.pid}`;
    await createDatabase(server.url, template);
    await migrate(databaseUrl(server.url, template));
    process.env["PARMA_TEST_POSTGRES"] = JSON.stringify({ serverUrl: server.url, template });
    process.env["FIRESTORE_EMULATOR_HOST"] = firestore.host;
    process.env["GCLOUD_PROJECT"] = projectId;
    // Google's client libraries otherwise look for the machine's own credentials first, for seconds.
    process.env["METADATA_SERVER_DETECTION"] = "none";
  } catch (error) {
    await stopEverything();
    throw error;
  }
}
