import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";

/** Where the functions, their queues and the database are. */
export const REGION = "europe-west1";

/** True in the Firebase Emulator Suite, which sets this variable for every function. */
export const IN_EMULATOR = inEmulator(process.env);

function inEmulator(environment: NodeJS.ProcessEnv): boolean {
  return environment["FUNCTIONS_EMULATOR"] === "true";
}

const blobStore = z
  .url({ protocol: /^(gs|file)$/, hostname: /.*/ })
  .describe("gs://bucket[/prefix] or file:///directory");

const databaseByUrl = z.object({ DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, hostname: /.*/ }) });

const databaseByConnector = z.object({
  CLOUD_SQL_INSTANCE: z.string().regex(/^[^:]+:[^:]+:[^:]+$/, "expected project:region:instance"),
  CLOUD_SQL_USER: z.string().min(1),
  CLOUD_SQL_DATABASE: z.string().min(1),
  /** PRIVATE where the functions reach the instance through a VPC. */
  CLOUD_SQL_IP: z.enum(["PUBLIC", "PRIVATE"]).default("PUBLIC"),
});

const secret = z.string().min(1);

const tokenSecrets = z.object({
  PARMA_SHARED_SECRET_KEY: secret,
  PARMA_ANALYTICS_SECRET_KEY: secret,
});

const github = z.object({
  GITHUB_API_URL: z.url().default("https://api.github.com"),
  GITHUB_TOKEN: z.string().optional(),
});

/** The secrets of `firebase emulators:start` without any set-up; the emulator's tokens protect nothing. */
const EMULATOR_SECRETS = {
  PARMA_SHARED_SECRET_KEY: "emulator-only-shared-secret",
  PARMA_ANALYTICS_SECRET_KEY: "emulator-only-analytics-secret",
};

function parseEnvironment<S extends z.ZodType>(schema: S, environment: NodeJS.ProcessEnv): z.output<S> {
  // An empty variable is how deployment tools spell "not set".
  const present = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const parsed = schema.safeParse(present);
  if (parsed.success) return parsed.data;
  throw new Error(`The environment is not complete:\n${z.prettifyError(parsed.error)}`, {
    cause: parsed.error,
  });
}

/** The database: a URL, or a Cloud SQL instance reached through its connector with IAM authentication. */
export type DatabaseConfig = z.output<typeof databaseByUrl> | z.output<typeof databaseByConnector>;

/** Reads where the database is. @throws Error that names what is missing. */
export function databaseConfig(environment = process.env): DatabaseConfig {
  return parseEnvironment(environment["DATABASE_URL"] ? databaseByUrl : databaseByConnector, environment);
}

/** Reads the two secrets that sign the mining modules' tokens. There are no defaults outside the emulator. */
export function tokenSecretsConfig(environment = process.env): z.output<typeof tokenSecrets> {
  return parseEnvironment(
    tokenSecrets,
    inEmulator(environment) ? { ...EMULATOR_SECRETS, ...environment } : environment,
  );
}

/** Reads where large raw answers and built-in modules' input files are kept. The emulator has a folder for it. */
export function blobStoreConfig(environment = process.env): URL {
  const schema = z.object({ BLOB_STORE: blobStore });
  const complete = inEmulator(environment)
    ? { BLOB_STORE: emulatorBlobStore(), ...environment }
    : environment;
  return new URL(parseEnvironment(schema, complete).BLOB_STORE);
}

function emulatorBlobStore(): string {
  return pathToFileURL(join(tmpdir(), "parma-analytics-blobs")).href;
}

/** Reads where the GitHub API is, and the token for it (without one: 60 requests an hour). */
export function githubConfig(environment = process.env): z.output<typeof github> {
  return parseEnvironment(github, environment);
}
