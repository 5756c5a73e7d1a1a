import { pathToFileURL } from "node:url";
import { findStack } from "../stack/stackFile.ts";
import { UserError } from "../userError.ts";

/**
 * Points this process at the stack of `scripts/dev start` if one is running. Otherwise the environment decides: a
 * project's own database, Firestore and bucket.
 */
export async function usePipeline(): Promise<void> {
  const given = process.env["DATABASE_URL"];
  const stack = await findStack();
  if (stack !== undefined && (!given || given === stack.databaseUrl)) {
    process.env["DATABASE_URL"] = stack.databaseUrl;
    process.env["FIRESTORE_EMULATOR_HOST"] = stack.firestoreHost;
    process.env["CLOUD_TASKS_EMULATOR_HOST"] = stack.tasksHost;
    process.env["GCLOUD_PROJECT"] = stack.projectId;
    process.env["BLOB_STORE"] = pathToFileURL(stack.blobDir).href;
    // Google's client libraries otherwise look for the machine's own credentials first, for seconds.
    process.env["METADATA_SERVER_DETECTION"] = "none";
  } else if (!given && !process.env["CLOUD_SQL_INSTANCE"]) {
    throw new UserError(
      "No stack is running. Run scripts/dev start in another terminal, or set DATABASE_URL or CLOUD_SQL_INSTANCE.",
    );
  }
}

const FIRESTORE_VARIABLES = [
  "FIRESTORE_EMULATOR_HOST",
  "GCLOUD_PROJECT",
  "GOOGLE_CLOUD_PROJECT",
  "GOOGLE_APPLICATION_CREDENTIALS",
];

/** Checks that raw documents can be read if {@link usePipeline} left the choice to the environment. */
export function requireRawDocuments(): void {
  if (!FIRESTORE_VARIABLES.some((variable) => process.env[variable])) {
    throw new UserError(
      "Raw documents are in Firestore: set GOOGLE_CLOUD_PROJECT or FIRESTORE_EMULATOR_HOST.",
    );
  }
  if (!process.env["BLOB_STORE"]) {
    throw new UserError(
      "Some raw documents are in the blob store: set BLOB_STORE (gs://bucket or file:///folder).",
    );
  }
}
