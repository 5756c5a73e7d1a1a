import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { signingKeys } from "./signingKeys.ts";

/** What a function needs settings for. */
export const PURPOSES = {
  database: "PostgreSQL",
  blobs: "raw answers that Firestore cannot hold, and files of built-in modules",
  moduleTokens: "the tokens of mining modules",
  moduleNetworks: "where mining modules may be",
  webApplication: "calls of parma-web",
  github: "the built-in github module",
  language: "the language model",
  analysis: "how much the analysis tells",
  alerts: "how alerts are grouped",
  mail: "email",
  slack: "Slack",
  links: "the links in messages",
  operatorMail: "mail to the operators",
  operators: "who may operate",
  sweeping: "the sweep",
  deployment: "read when the functions are deployed",
} as const;
export type Purpose = keyof typeof PURPOSES;

interface Setting<S extends z.ZodType> {
  /** Parses the variable's text, undefined if it is not set; applies the default. */
  readonly schema: S;
  readonly purposes: readonly [Purpose, ...Purpose[]];
  /** For docs/configuration.md and functions/.env.example. */
  readonly about: string;
  /** In Secret Manager, and bound to the functions that use it; otherwise a variable. */
  readonly isSecret?: true;
  /** "local": for developers and tests, never set where it is deployed. "platform": Google Cloud sets it. */
  readonly setBy?: "local" | "platform";
  /** The suggestion in functions/.env.example, where a deployment has to choose. */
  readonly example?: string;
  /** The default in the emulator. */
  readonly inEmulator?: string;
}

function setting<S extends z.ZodType>(declared: Setting<S>): Setting<S> {
  return declared;
}

const httpUrl = z.url({ protocol: /^https?$/, hostname: /.*/ });

/** Comma separated, with or without spaces; nothing is an empty list. */
const commaSeparated = z
  .string()
  .default("")
  .transform((list) => list.split(",").flatMap((entry) => entry.trim() || []));

/** Every setting there is, each declared once. `config.ts` reads them. */
export const settings = {
  DATABASE_URL: setting({
    schema: z.url({ protocol: /^postgres(ql)?$/, hostname: /.*/ }),
    purposes: ["database"],
    setBy: "local",
    about: "PostgreSQL by URL, in place of Cloud SQL",
  }),
  CLOUD_SQL_INSTANCE: setting({
    schema: z.string().regex(/^[^:]+:[^:]+:[^:]+$/, "expected project:region:instance"),
    purposes: ["database"],
    about: "the Cloud SQL instance, reached through its connector with IAM authentication",
    example: "project:europe-west1:instance",
  }),
  CLOUD_SQL_USER: setting({
    schema: z.string().optional(),
    purposes: ["database"],
    about: "the database user; without it, the service account that the function runs as",
  }),
  CLOUD_SQL_DATABASE: setting({
    schema: z.string().min(1),
    purposes: ["database"],
    about: "the database's name",
    example: "parma-prod-db",
  }),
  CLOUD_SQL_IP: setting({
    schema: z.enum(["PUBLIC", "PRIVATE"]).default("PUBLIC"),
    purposes: ["database"],
    about: "`PRIVATE` where the functions reach the instance through a VPC (then set VPC_NETWORK as well)",
  }),
  DATABASE_MAX_CONNECTIONS: setting({
    schema: z.coerce.number().int().positive().default(100),
    purposes: ["deployment"],
    about:
      "the server's limit of connections, which `scripts/dev limits` compares with what the functions may open",
  }),
  BLOB_STORE: setting({
    schema: z
      .url({ protocol: /^(gs|file)$/, hostname: /.*/ })
      .describe("gs://bucket[/prefix] or file:///directory"),
    purposes: ["blobs"],
    about: "`gs://bucket[/prefix]`, or `file:///directory`",
    example: "gs://project-raw-answers",
    inEmulator: pathToFileURL(join(tmpdir(), "parma-analytics-blobs")).href,
  }),
  PARMA_SHARED_SECRET_KEY: setting({
    schema: signingKeys,
    purposes: ["moduleTokens"],
    isSecret: true,
    about: "signs the tokens that modules check, so modules know it too",
    inEmulator: "emulator-only-shared-secret-0123456789",
  }),
  PARMA_ANALYTICS_SECRET_KEY: setting({
    schema: signingKeys,
    purposes: ["moduleTokens"],
    isSecret: true,
    about: "signs the inner token, which says what a module may touch; only we know it",
    inEmulator: "emulator-only-analytics-secret-0123456789",
  }),
  MODULE_NETWORKS: setting({
    schema: commaSeparated.pipe(z.array(z.union([z.cidrv4(), z.cidrv6()]))),
    purposes: ["moduleNetworks"],
    about: "private networks that mining modules may be in, as CIDR, comma separated",
    inEmulator: "0.0.0.0/0,::/0",
  }),
  PARMA_WEB_SECRET: setting({
    schema: z
      .string()
      .min(16)
      .or(z.literal("none").transform(() => undefined))
      .optional(),
    purposes: ["webApplication"],
    isSecret: true,
    about: "what calls of parma-web must carry, at least 16 characters; `none` where anyone may make them",
  }),
  GITHUB_API_URL: setting({
    schema: z.url().default("https://api.github.com"),
    purposes: ["github"],
    about: "the GitHub API, where it is not api.github.com",
  }),
  GITHUB_TOKEN: setting({
    schema: z.string().optional(),
    purposes: ["github"],
    isSecret: true,
    about: "a token for the GitHub API; without one it answers 60 requests an hour",
  }),
  OPENAI_API_KEY: setting({
    schema: z
      .string()
      .transform((key) => (key === "none" ? undefined : key))
      .optional(),
    purposes: ["language"],
    isSecret: true,
    about:
      "the language model's key; `none` where there is no model: templates' words stay, comments are scored offline",
  }),
  OPENAI_BASE_URL: setting({
    schema: httpUrl.default("https://api.openai.com/v1"),
    purposes: ["language"],
    about: "any server that speaks the chat completions API",
  }),
  OPENAI_MODEL: setting({
    schema: z.string().default("gpt-5.4-mini"),
    purposes: ["language"],
    about: "the model",
  }),
  OPENAI_TIMEOUT_SECONDS: setting({
    schema: z.coerce.number().positive().max(120).default(20),
    purposes: ["language"],
    about: "how long one answer may take",
  }),
  OPENAI_TOKENS_PER_DAY: setting({
    schema: z.coerce.number().int().nonnegative().default(2_000_000),
    purposes: ["language"],
    about: "input and output tokens together, per day in UTC",
  }),
  NEWS_SPACING_HOURS: setting({
    schema: z.coerce.number().nonnegative().max(8760).default(168),
    purposes: ["analysis"],
    about: "how long a series that was told is silent, but for its return",
  }),
  ANOMALY_FALSE_ALARM_RATE: setting({
    schema: z.coerce.number().min(1e-9).max(0.5).default(0.001),
    purposes: ["analysis"],
    about: "share of a daily series' points that may alert by chance",
  }),
  NOTIFY_WINDOW_SECONDS: setting({
    schema: z.coerce.number().min(0).max(86_400).default(300),
    purposes: ["alerts"],
    about: "how long an alert waits for more findings of its company",
    inEmulator: "0",
  }),
  HISTORY_QUIET_SECONDS: setting({
    schema: z.coerce.number().min(0).max(86_400).default(600),
    purposes: ["alerts"],
    about: "how long no history of a company must come before its summary is sent",
    inEmulator: "30",
  }),
  SMTP_URL: setting({
    schema: z.url({ protocol: /^smtps?$/, hostname: /.*/ }),
    purposes: ["mail"],
    isSecret: true,
    about: "the mail server: `smtp://user:password@host:587`, or `smtps:` for TLS from the start",
  }),
  MAIL_FROM: setting({
    schema: z.string().min(3).describe("an address, or `Name <address>`"),
    purposes: ["mail"],
    about: "whom mail is from: an address, or `Name <address>`",
    example: '"Parma Analytics <parma@example.com>"',
  }),
  OPERATOR_EMAIL: setting({
    schema: z.email().optional(),
    purposes: ["operatorMail"],
    about: "who is told when a data check fails and when a source goes down; without it, only the log tells",
    example: "operators@example.com",
  }),
  SLACK_API_URL: setting({
    schema: z.url().default("https://slack.com/api/"),
    purposes: ["slack"],
    setBy: "local",
    about: "another Slack API, for tests",
  }),
  LOCAL_SECRETS_FILE: setting({
    schema: z.string().optional(),
    purposes: ["slack"],
    setBy: "local",
    about: "a JSON file of Slack tokens by secret id, in place of Secret Manager",
  }),
  WEB_APP_URL: setting({
    schema: z.url(),
    purposes: ["links"],
    about: "the web application, which messages link to",
    example: "https://parma.example.com",
    inEmulator: "http://127.0.0.1:3000",
  }),
  PUBLIC_URL: setting({
    schema: httpUrl,
    purposes: ["links", "operators"],
    about:
      "this project's Hosting site: in the links of messages, and what service accounts' tokens must be made for",
    example: "https://project.web.app",
    inEmulator: "http://127.0.0.1:5000",
  }),
  PARMA_LINK_SECRET: setting({
    schema: signingKeys,
    purposes: ["links"],
    isSecret: true,
    about: "signs the links of messages that work without a login",
    inEmulator: "emulator-only-link-secret-0123456789",
  }),
  OPERATOR_SERVICE_ACCOUNTS: setting({
    schema: commaSeparated.pipe(z.array(z.email())),
    purposes: ["operators"],
    about: "the service accounts that are operators, by email, comma separated; users are by their claim",
  }),
  OPERATOR_TOKEN: setting({
    schema: z.string().min(16),
    purposes: ["operators"],
    setBy: "local",
    about: "opens everything for operators, in the emulator only",
    inEmulator: "emulator-only-operator-token",
  }),
  USER_TOKEN_KEYS_URL: setting({
    schema: z
      .url()
      .default("https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com"),
    purposes: ["operators"],
    setBy: "local",
    about: "where the keys are that verify the tokens of Firebase's users",
  }),
  SERVICE_TOKEN_KEYS_URL: setting({
    schema: z.url().default("https://www.googleapis.com/oauth2/v3/certs"),
    purposes: ["operators"],
    setBy: "local",
    about: "where the keys are that verify the tokens of Google's service accounts",
  }),
  SWEEP_PATIENCE: setting({
    schema: z.coerce.number().positive().default(1),
    purposes: ["sweeping"],
    setBy: "local",
    about: "how much longer, or shorter, than it may something stands still before the sweep acts, for tests",
  }),
  SERVICE_ACCOUNTS: setting({
    schema: z.enum(["default", "separate"]).default("default"),
    purposes: ["deployment"],
    about: "`separate` where each stage runs as a service account of its own (infrastructure/ makes them)",
  }),
  VPC_NETWORK: setting({
    schema: z.string().optional(),
    purposes: ["deployment"],
    about:
      "the VPC that the functions are attached to (direct VPC egress): for a private Cloud SQL address, and for modules in private networks",
  }),
  VPC_SUBNETWORK: setting({
    schema: z.string().optional(),
    purposes: ["deployment"],
    about: "the subnetwork in it; without it, the one of the functions' region that has the network's name",
  }),
  VPC_EGRESS: setting({
    schema: z.enum(["PRIVATE_RANGES_ONLY", "ALL_TRAFFIC"]).default("PRIVATE_RANGES_ONLY"),
    purposes: ["deployment"],
    about: "what goes through the VPC; `ALL_TRAFFIC` where modules must see one address (with Cloud NAT)",
  }),
  GCLOUD_PROJECT: setting({
    schema: z.string().min(1),
    purposes: ["operators", "deployment"],
    setBy: "platform",
    about: "the project, whose users may be operators",
  }),
  GOOGLE_CLOUD_PROJECT: setting({
    schema: z.string().optional(),
    purposes: ["deployment"],
    setBy: "platform",
    about: "the same, for commands",
  }),
  CLOUD_TASKS_EMULATOR_HOST: setting({
    schema: z.string().optional(),
    purposes: ["deployment"],
    setBy: "platform",
    about: "the emulator of Cloud Tasks",
  }),
} as const;

export type SettingName = keyof typeof settings;

/** A setting, for code that lists settings. */
export type DeclaredSetting = Setting<z.ZodType>;

/** The settings by name, for code that lists them. */
export const settingList: readonly (DeclaredSetting & { readonly name: string })[] = Object.entries(
  settings,
).map(([name, declared]: [string, DeclaredSetting]) => ({ name, ...declared }));

/** The secrets that functions with these purposes read. */
export function secretsFor(purposes: readonly Purpose[]): string[] {
  return settingList
    .filter((it) => it.isSecret && it.purposes.some((purpose) => purposes.includes(purpose)))
    .map(({ name }) => name);
}
