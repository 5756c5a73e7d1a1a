import { randomBytes } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { localDir } from "../paths.ts";
import { buildFunctions } from "./build.ts";
import type { ChildEnded } from "./child.ts";
import { startEmulators } from "./emulators.ts";
import { findFirestoreJar } from "./firestoreJar.ts";
import { type Inboxes, startInboxes } from "./inboxes.ts";
import { findJava } from "./java.ts";
import { migrate } from "./migrate.ts";
import { checkPort } from "./ports.ts";
import { startPostgres } from "./postgres.ts";
import { stopEverything, together } from "./shutdown.ts";
import { type EmulatorPorts, makeStage } from "./stage.ts";

/** A running stack: the emulators with all functions, a migrated database, and inboxes for messages. */
export interface Stack extends Inboxes {
  /** Hosting: every HTTP function at the root of this host. */
  readonly baseUrl: string;
  /** The HTTP functions by name, below this URL. */
  readonly functionsUrl: string;
  /** The functions emulator itself. */
  readonly functionsOrigin: string;
  /** The value for FIRESTORE_EMULATOR_HOST. */
  readonly firestoreHost: string;
  /** The value for CLOUD_TASKS_EMULATOR_HOST. */
  readonly tasksHost: string;
  readonly databaseUrl: string;
  readonly projectId: string;
  readonly secrets: { readonly shared: string; readonly analytics: string; readonly operator: string };
  /** The folder that stands in for the Cloud Storage bucket. */
  readonly blobDir: string;
  readonly logFile: string;
  /** The folder from which the emulators run. */
  readonly stage: string;
  /** Resolves when the emulators have ended, for whatever reason. */
  readonly ended: Promise<ChildEnded>;
  stop(): Promise<void>;
}

/** Options of {@link startStack}. */
export interface StackOptions {
  /** The database to use; by default the one at DATABASE_URL, or else a temporary server. */
  readonly databaseUrl?: string;
  /** A folder that keeps PostgreSQL's rows, Firestore's documents and blobs; by default, they are removed at the end. */
  readonly dataDir?: string;
  /** Additional or overriding variables for the functions. */
  readonly env?: Record<string, string>;
  /** Fixed ports; free ones are chosen for the rest. */
  readonly ports?: Partial<EmulatorPorts>;
  /** The Firebase tools' command and firebase.json; by default, all emulators start. */
  readonly firebase?: { readonly command: readonly string[]; readonly configuration: string };
  /** Receives what takes a while. */
  readonly progress?: (message: string) => void;
  /** Receives every line that the emulators and functions print, which the log file has as well. */
  readonly onLog?: (line: string) => void;
}

const projectId = "demo-parma";
const region = "europe-west1";

/**
 * Starts PostgreSQL, applies the migrations, builds the functions, and starts a mail catcher, a Slack stand-in and the
 * Firebase Emulator Suite. Returns once every function can be called. If a step fails, the command that ends stops what
 * was started.
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const progress = options.progress ?? (() => undefined);
  for (const port of Object.values(options.ports ?? {})) await checkPort(port);
  const javaHome = await findJava(progress);
  const firestoreJar = await findFirestoreJar(progress);
  const stage = await makeStage();

  progress("Starting PostgreSQL and building the functions");
  const dataDir = options.dataDir && resolve(options.dataDir);
  const [database] = await together(
    startPostgres(options.databaseUrl, dataDir && join(dataDir, "postgres")),
    buildFunctions(stage),
  );

  const secrets = {
    shared: process.env["PARMA_SHARED_SECRET_KEY"] || randomBytes(32).toString("hex"),
    analytics: process.env["PARMA_ANALYTICS_SECRET_KEY"] || randomBytes(32).toString("hex"),
    operator: process.env["OPERATOR_TOKEN"] || randomBytes(32).toString("hex"),
  };
  const blobDir = join(dataDir ?? stage, "blobs");
  await mkdir(blobDir, { recursive: true });
  const { inboxes, env } = await startInboxes(stage);

  progress("Applying migrations and starting the Firebase emulators");
  const logFile = await newLogFile();
  const emulators = startEmulators({
    stage,
    projectId,
    javaHome,
    firestoreJar,
    logFile,
    ports: options.ports,
    command: options.firebase?.command,
    configuration: options.firebase?.configuration,
    dataDir: dataDir && join(dataDir, "firestore"),
    onLog: options.onLog,
    env: {
      DATABASE_URL: database.url,
      PARMA_SHARED_SECRET_KEY: secrets.shared,
      PARMA_ANALYTICS_SECRET_KEY: secrets.analytics,
      BLOB_STORE: pathToFileURL(blobDir).href,
      OPERATOR_TOKEN: secrets.operator,
      ...env,
      // If a declared secret is not set, every process of the function asks Secret Manager for it.
      GITHUB_TOKEN: process.env["GITHUB_TOKEN"] || " ",
      OPENAI_API_KEY: process.env["OPENAI_API_KEY"] || "none",
      ...options.env,
    },
  });
  // While the emulators start, nothing reads the database.
  const [{ ports, ended }] = await together(emulators, migrate(database.url));
  const functionsOrigin = `http://127.0.0.1:${ports.functions}`;
  return {
    ...inboxes,
    baseUrl: `http://127.0.0.1:${ports.hosting}`,
    functionsUrl: `${functionsOrigin}/${projectId}/${region}`,
    functionsOrigin,
    firestoreHost: `127.0.0.1:${ports.firestore}`,
    tasksHost: `127.0.0.1:${ports.tasks}`,
    databaseUrl: database.url,
    projectId,
    secrets,
    blobDir,
    logFile,
    stage,
    ended,
    stop: stopEverything,
  };
}

const keptLogs = 10;

/** A log file for this run; the latest runs' logs are kept, to read after a failure. */
async function newLogFile(): Promise<string> {
  const folder = join(localDir, "logs");
  await mkdir(folder, { recursive: true });
  const older = (await readdir(folder)).sort().slice(0, -keptLogs);
  for (const file of older) await rm(join(folder, file), { force: true });
  const started = new Date().toISOString().replace(/[:.]/g, "-");
  return join(folder, `${started}-${process.pid}.log`);
}
