import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { TransactionalDatabase } from "../../../functions/src/platform/postgres.ts";
import { STAND_IN_TOKEN } from "../../../functions/test/standins/slack.ts";
import { startFirestore } from "../../stack/firestore.ts";
import { type PostAnswer, type PostProxy, startPostProxy } from "../../stack/postProxy.ts";
import { whenStopping } from "../../stack/shutdown.ts";
import { openDatabase } from "../databases.ts";

export const PROJECT = "demo-parma";

/** The Slack token's secret id. */
export const SLACK_SECRET_ID = "parma-analytics-notification-channel-key-bench";

/** Takes what the functions hand over, the modules' calls among it. */
export type TakeHandOver = Parameters<typeof startPostProxy>[0];

/** What the functions use. */
export interface Backends {
  readonly db: TransactionalDatabase;
  readonly firestoreHost: string;
  /** Takes the tasks, the new documents' events and what else is posted to it, as `host:port`. */
  readonly handOverHost: string;
  /** The environment of our functions. */
  readonly env: Readonly<Record<string, string>> & { readonly PARMA_SHARED_SECRET_KEY: string };
}

interface BackendsOptions {
  readonly note: (text: string) => void;
  readonly takeHandOver?: TakeHandOver;
  readonly slackUrl?: string;
}

/**
 * An empty PostgreSQL and an empty Firestore, until the next suite asks for some. This process uses them, too: from now
 * on its environment says where they are.
 */
export async function startBackends({ note, takeHandOver, slackUrl }: BackendsOptions): Promise<Backends> {
  note("starting PostgreSQL and Firestore");
  const { db, url: databaseUrl } = await openDatabase();
  shared ??= startShared();
  const { firestoreHost, proxy } = await shared;
  current = takeHandOver ?? takeNothing;
  await emptyFirestore(firestoreHost);
  const folder = await mkdtemp(join(tmpdir(), "parma-bench-"));
  whenStopping(() => rm(folder, { recursive: true, force: true }));
  const secretsFile = join(folder, "secrets.json");
  await writeFile(secretsFile, JSON.stringify({ [SLACK_SECRET_ID]: STAND_IN_TOKEN }));
  const env = {
    DATABASE_URL: databaseUrl,
    FIRESTORE_EMULATOR_HOST: firestoreHost,
    CLOUD_TASKS_EMULATOR_HOST: proxy.host,
    GCLOUD_PROJECT: PROJECT,
    FIREBASE_CONFIG: JSON.stringify({ projectId: PROJECT }),
    METADATA_SERVER_DETECTION: "none",
    ...secrets,
    BLOB_STORE: pathToFileURL(folder).href,
    OPENAI_API_KEY: "none",
    SMTP_URL: "smtp://127.0.0.1:9",
    MAIL_FROM: "parma@analytics.example",
    SLACK_API_URL: slackUrl ?? "http://127.0.0.1:9/api/",
    LOCAL_SECRETS_FILE: secretsFile,
    WEB_APP_URL: "http://127.0.0.1:3000",
    PUBLIC_URL: "http://127.0.0.1:5000",
    // Each finding is told, and at once.
    NOTIFY_WINDOW_SECONDS: "0",
    HISTORY_QUIET_SECONDS: "0",
    NEWS_SPACING_HOURS: "0",
    MODULE_NETWORKS: "127.0.0.0/8",
  };
  Object.assign(process.env, env);
  return { db, firestoreHost, handOverHost: proxy.host, env };
}

const newSecret = () => randomBytes(32).toString("hex");
const secrets = {
  PARMA_SHARED_SECRET_KEY: newSecret(),
  PARMA_ANALYTICS_SECRET_KEY: newSecret(),
  PARMA_LINK_SECRET: newSecret(),
};

const takeNothing: TakeHandOver = async () => TAKEN;
/** What says that something was taken. */
export const TAKEN: PostAnswer = {
  status: 200,
  headers: { "content-type": "application/json" },
  body: Buffer.from("{}"),
};

let current = takeNothing;
let shared: Promise<{ firestoreHost: string; proxy: PostProxy }> | undefined;

/** The Firestore emulator takes seconds to start, and this process' client stays with the one that it first knew. */
async function startShared() {
  const proxy = await startPostProxy((post) => current(post));
  const { host } = await startFirestore(PROJECT, () => undefined, proxy.host);
  return { firestoreHost: host, proxy };
}

async function emptyFirestore(host: string): Promise<void> {
  const url = `http://${host}/emulator/v1/projects/${PROJECT}/databases/(default)/documents`;
  const response = await fetch(url, { method: "DELETE" });
  if (!response.ok) throw new Error(`The Firestore emulator was not emptied: status ${response.status}`);
}
