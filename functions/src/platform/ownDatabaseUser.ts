import { z } from "zod";

const PATH = "/computeMetadata/v1/instance/service-accounts/default/email";

/** The database user of this function's service account, from Google Cloud's metadata server. */
export async function ownDatabaseUser(): Promise<string> {
  // The variable by which Google's libraries find a stand-in.
  const host = process.env["GCE_METADATA_HOST"] ?? "metadata.google.internal";
  const response = await fetch(`http://${host}${PATH}`, {
    headers: { "Metadata-Flavor": "Google" },
    signal: AbortSignal.timeout(5_000),
  });
  const email = z.email().safeParse((await response.text()).trim());
  if (!email.success) {
    throw new Error(`The service account could not be read (${response.status}): set CLOUD_SQL_USER`, {
      cause: email.error,
    });
  }
  // PostgreSQL's names are too short for the whole address, so Cloud SQL drops its end.
  return email.data.replace(/\.gserviceaccount\.com$/, "");
}
