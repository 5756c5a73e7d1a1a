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
const blobs = z.object({ BLOB_STORE: blobStore });

const databaseByUrl = z.object({ DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, hostname: /.*/ }) });

const databaseByConnector = z.object({
  CLOUD_SQL_INSTANCE: z.string().regex(/^[^:]+:[^:]+:[^:]+$/, "expected project:region:instance"),
  /** Without it the function's own service account. */
  CLOUD_SQL_USER: z.string().optional(),
  CLOUD_SQL_DATABASE: z.string().min(1),
  /** PRIVATE where the functions reach the instance through a VPC. */
  CLOUD_SQL_IP: z.enum(["PUBLIC", "PRIVATE"]).default("PUBLIC"),
});

/** The keys of a secret, never none: the first signs, all verify. */
export type SigningKeys = readonly [Uint8Array, ...Uint8Array[]];

const key = z.string().min(1);
const keyList = z.union([z.tuple([key]), z.tuple([key, key])]);

/**
 * A secret that holds its key as it is or, while it is rotated, a JSON list of two. A key that itself begins with a
 * bracket is written as a list of one.
 */
const signingKeys = key.transform((value, context): SigningKeys => {
  if (!value.startsWith("[")) return [encoded(value)];
  const list = keyList.safeParse(parsedJson(value));
  if (!list.success) {
    // What the value is must not be said: it is a secret.
    context.issues.push({
      code: "custom",
      message: 'expected a key, or a JSON list ["one", "two"]',
      input: "",
    });
    return z.NEVER;
  }
  const [first, ...others] = list.data;
  return [encoded(first), ...others.map(encoded)];
});

const keyBytes = new Map<string, Uint8Array>();

/** The same bytes for the same key each time: `verifySigned` keeps by them what it makes of a key. */
function encoded(value: string): Uint8Array {
  const bytes = keyBytes.get(value) ?? new TextEncoder().encode(value);
  keyBytes.set(value, bytes);
  return bytes;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const tokenSecrets = z.object({
  PARMA_SHARED_SECRET_KEY: signingKeys,
  PARMA_ANALYTICS_SECRET_KEY: signingKeys,
});

const github = z.object({
  GITHUB_API_URL: z.url().default("https://api.github.com"),
  GITHUB_TOKEN: z.string().optional(),
});

const language = z.object({
  /** Without a key no language model is asked. "none" is how a secret that must exist says that there is no key. */
  OPENAI_API_KEY: z
    .string()
    .transform((key) => (key === "none" ? undefined : key))
    .optional(),
  /** Any server that speaks the chat completions API. */
  OPENAI_BASE_URL: z.url({ protocol: /^https?$/, hostname: /.*/ }).default("https://api.openai.com/v1"),
  OPENAI_MODEL: z.string().default("gpt-5.4-mini"),
  /** How long one answer may take. */
  OPENAI_TIMEOUT_SECONDS: z.coerce.number().positive().max(120).default(20),
  /** Input and output together, per day in UTC. */
  OPENAI_TOKENS_PER_DAY: z.coerce.number().int().nonnegative().default(2_000_000),
});

const analysis = z.object({
  /** How long a series that was in the news is silent, but for its return. */
  NEWS_SPACING_HOURS: z.coerce.number().nonnegative().max(8760).default(168),
  /** How many of the points of a daily series that goes on as it did are told as unusual. */
  ANOMALY_FALSE_ALARM_RATE: z.coerce.number().min(1e-9).max(0.5).default(0.001),
});

const mail = z.object({
  /** The mail server: `smtp://user:password@host:587`, or `smtps:` for TLS from the start. */
  SMTP_URL: z.url({ protocol: /^smtps?$/, hostname: /.*/ }),
  MAIL_FROM: z.string().min(3).describe("an address, or `Name <address>`"),
});

const operatorMail = z.object({
  /** Whom notices to the operators go to. Without it the log is all that tells. */
  OPERATOR_EMAIL: z.email().optional(),
});

const slack = z.object({ SLACK_API_URL: z.url().default("https://slack.com/api/") });

const channelSecrets = z.object({
  /** A JSON file of tokens by secret id, in place of Secret Manager. */
  LOCAL_SECRETS_FILE: z.string().optional(),
});

const links = z.object({
  /** The web application, which the messages link to. */
  WEB_APP_URL: z.url(),
  /** The host that serves these functions' routes to the world: Hosting's. */
  PUBLIC_URL: z.url(),
  /** Signs the links of a message that work without a login. */
  PARMA_LINK_SECRET: signingKeys,
});

/** How long an alert waits for more findings of its company. */
const notifyWindow = z.object({ NOTIFY_WINDOW_SECONDS: z.coerce.number().min(0).max(86_400).default(300) });

/** Comma separated, with or without spaces; nothing is an empty list. */
const commaSeparated = z
  .string()
  .default("")
  .transform((list) => list.split(",").flatMap((entry) => entry.trim() || []));

const operators = z.object({
  /** The project whose users may be operators. Firebase sets it for every function. */
  GCLOUD_PROJECT: z.string().min(1),
  /** What the tokens of service accounts must be made for. */
  PUBLIC_URL: z.url({ protocol: /^https?$/, hostname: /.*/ }),
  OPERATOR_SERVICE_ACCOUNTS: commaSeparated.pipe(z.array(z.email())),
  /** Where the keys are that verify the tokens of Firebase's users and of Google's service accounts. */
  USER_TOKEN_KEYS_URL: z
    .url()
    .default("https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com"),
  SERVICE_TOKEN_KEYS_URL: z.url().default("https://www.googleapis.com/oauth2/v3/certs"),
});

/** Opens everything for operators, in the emulator only. */
const emulatorOperator = z.object({ OPERATOR_TOKEN: z.string().min(16) });

const serviceAccounts = z.object({
  SERVICE_ACCOUNTS: z.enum(["default", "separate"]).default("default"),
  GCLOUD_PROJECT: z.string().optional(),
});

const webSecret = z.object({
  /** What the web application's calls must carry. Without it, or at "none", anyone may make them. */
  PARMA_WEB_SECRET: z
    .string()
    .min(16)
    .or(z.literal("none").transform(() => undefined))
    .optional(),
});

const moduleNetworks = z.object({
  /** Private networks in which mining modules may be. */
  MODULE_NETWORKS: commaSeparated.pipe(z.array(z.union([z.cidrv4(), z.cidrv6()]))),
});

/** The links of `firebase emulators:start` without any set-up. */
const EMULATOR_LINKS = {
  WEB_APP_URL: "http://127.0.0.1:3000",
  PUBLIC_URL: "http://127.0.0.1:5000",
  PARMA_LINK_SECRET: "emulator-only-link-secret",
};

/** The secrets of `firebase emulators:start` without any set-up; the emulator's tokens protect nothing. */
const EMULATOR_SECRETS = {
  PARMA_SHARED_SECRET_KEY: "emulator-only-shared-secret",
  PARMA_ANALYTICS_SECRET_KEY: "emulator-only-analytics-secret",
};

function parseEnvironment<S extends z.ZodObject>(schema: S, environment: NodeJS.ProcessEnv): z.output<S> {
  // Only these: reading all variables takes longer than the rest, and some are read for each request. An empty one is
  // how deployment tools spell "not set".
  const present = Object.fromEntries(
    Object.keys(schema.shape).flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])),
  );
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
  const complete = inEmulator(environment)
    ? { BLOB_STORE: emulatorBlobStore(), ...environment }
    : environment;
  return new URL(parseEnvironment(blobs, complete).BLOB_STORE);
}

function emulatorBlobStore(): string {
  return pathToFileURL(join(tmpdir(), "parma-analytics-blobs")).href;
}

/** Reads where the GitHub API is, and the token for it (without one: 60 requests an hour). */
export function githubConfig(environment = process.env): z.output<typeof github> {
  return parseEnvironment(github, environment);
}

export type LanguageConfig = z.output<typeof language>;

/** Reads which language model is asked, how long it may take, and what it may use up a day. */
export function languageConfig(environment = process.env): LanguageConfig {
  return parseEnvironment(language, environment);
}

/** Reads where mail is handed in, and whom it is from. */
export function mailConfig(environment = process.env): z.output<typeof mail> {
  return parseEnvironment(mail, environment);
}

/** Reads whom the operators' mail goes to, and by which server; undefined where nobody is to get any. */
export function operatorMailConfig(environment = process.env) {
  const { OPERATOR_EMAIL } = parseEnvironment(operatorMail, environment);
  if (OPERATOR_EMAIL === undefined) return undefined;
  const { SMTP_URL, MAIL_FROM } = mailConfig(environment);
  return { to: OPERATOR_EMAIL, from: MAIL_FROM, transportUrl: SMTP_URL };
}

/** Reads where Slack's Web API is. */
export function slackConfig(environment = process.env): z.output<typeof slack> {
  return parseEnvironment(slack, environment);
}

/** Reads where the channels' secrets are. */
export function channelSecretsConfig(environment = process.env): z.output<typeof channelSecrets> {
  return parseEnvironment(channelSecrets, environment);
}

/** Reads what the links in messages are made of. */
export function linkConfig(environment = process.env): z.output<typeof links> {
  return parseEnvironment(
    links,
    inEmulator(environment) ? { ...EMULATOR_LINKS, ...environment } : environment,
  );
}

/** Reads how many seconds an alert waits for more findings of its company. In the emulator nobody wants to wait. */
export function notifyWindowConfig(environment = process.env): number {
  const complete = inEmulator(environment) ? { NOTIFY_WINDOW_SECONDS: "0", ...environment } : environment;
  return parseEnvironment(notifyWindow, complete).NOTIFY_WINDOW_SECONDS;
}

/** Reads who may be an operator, and where the keys are that tell. */
export function operatorConfig(environment = process.env): z.output<typeof operators> {
  return parseEnvironment(
    operators,
    inEmulator(environment) ? { ...EMULATOR_LINKS, ...environment } : environment,
  );
}

/** Reads the token that opens everything for operators in the emulator. Elsewhere there is none, whatever is set. */
export function emulatorOperatorToken(environment = process.env): string | undefined {
  if (!inEmulator(environment)) return undefined;
  const complete = { OPERATOR_TOKEN: "emulator-only-operator-token", ...environment };
  return parseEnvironment(emulatorOperator, complete).OPERATOR_TOKEN;
}

/** Reads in which project each stage has a service account of its own; undefined where all run as the default one. */
export function separateServiceAccounts(environment = process.env): string | undefined {
  const { SERVICE_ACCOUNTS, GCLOUD_PROJECT } = parseEnvironment(serviceAccounts, environment);
  return SERVICE_ACCOUNTS === "separate" ? GCLOUD_PROJECT : undefined;
}

const queueProject = z.object({
  GCLOUD_PROJECT: z.string().optional(),
  GOOGLE_CLOUD_PROJECT: z.string().optional(),
  CLOUD_TASKS_EMULATOR_HOST: z.string().optional(),
});

/** Reads whose queues Cloud Tasks has; undefined in the emulator, which tells nothing of its queues. */
export function queueProjectConfig(environment = process.env): string | undefined {
  const found = parseEnvironment(queueProject, environment);
  if (inEmulator(environment) || found.CLOUD_TASKS_EMULATOR_HOST !== undefined) return undefined;
  return found.GCLOUD_PROJECT ?? found.GOOGLE_CLOUD_PROJECT;
}

/** Reads the secret that the web application's calls must carry; undefined where anyone may make them. */
export function webSecretConfig(environment = process.env): string | undefined {
  return parseEnvironment(webSecret, environment).PARMA_WEB_SECRET;
}

/** Reads the private networks that may be called. On a developer's machine, modules are wherever they are. */
export function moduleNetworksConfig(environment = process.env): readonly string[] {
  const complete = inEmulator(environment)
    ? { MODULE_NETWORKS: "0.0.0.0/0,::/0", ...environment }
    : environment;
  return parseEnvironment(moduleNetworks, complete).MODULE_NETWORKS;
}

/** Reads how much the analysis tells. */
export function analysisConfig(environment = process.env): z.output<typeof analysis> {
  return parseEnvironment(analysis, environment);
}

const sweeping = z.object({ SWEEP_PATIENCE: z.coerce.number().positive().default(1) });

/** Reads how much longer, or shorter, than it may something stands still before the sweeper acts. For tests. */
export function sweepPatience(environment = process.env): number {
  return parseEnvironment(sweeping, environment).SWEEP_PATIENCE;
}
