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
  PARMA_LINK_SECRET: secret,
});

/** How long an alert waits for more findings of its company. */
const notifyWindow = z.object({ NOTIFY_WINDOW_SECONDS: z.coerce.number().min(0).max(86_400).default(300) });

const operators = z.object({
  /** What an operator shows to start what anyone must not start. */
  OPERATOR_TOKEN: z.string().min(16),
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

export type LanguageConfig = z.output<typeof language>;

/** Reads which language model is asked, how long it may take, and what it may use up a day. */
export function languageConfig(environment = process.env): LanguageConfig {
  return parseEnvironment(language, environment);
}

/** Reads where mail is handed in, and whom it is from. */
export function mailConfig(environment = process.env): z.output<typeof mail> {
  return parseEnvironment(mail, environment);
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

/** Reads the operators' token. There is no default outside the emulator. */
export function operatorToken(environment = process.env): string {
  const complete = inEmulator(environment)
    ? { OPERATOR_TOKEN: "emulator-only-operator-token", ...environment }
    : environment;
  return parseEnvironment(operators, complete).OPERATOR_TOKEN;
}

/** Reads how much the analysis tells. */
export function analysisConfig(environment = process.env): z.output<typeof analysis> {
  return parseEnvironment(analysis, environment);
}
