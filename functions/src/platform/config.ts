import { z } from "zod";
import { logWarning } from "./log.ts";
import { type DeclaredSetting, type SettingName, settings } from "./settings.ts";
import { type SigningKeys, weaknessesOf } from "./signingKeys.ts";

/** Where the functions, their queues and the database are. */
export const REGION = "europe-west1";

/** True in the Firebase Emulator Suite, which sets this variable for every function. */
export const IN_EMULATOR = inEmulator(process.env);

function inEmulator(environment: NodeJS.ProcessEnv): boolean {
  return environment["FUNCTIONS_EMULATOR"] === "true";
}

/** True in a deployed function: Cloud Run names its service to it. */
function isDeployed(environment: NodeJS.ProcessEnv): boolean {
  return !inEmulator(environment) && Boolean(environment["K_SERVICE"]);
}

/** The declared schema of a setting, to compose what is read together. */
function of<N extends SettingName>(name: N): (typeof settings)[N]["schema"] {
  return settings[name].schema;
}

function read<S extends z.ZodObject>(schema: S, environment: NodeJS.ProcessEnv): z.output<S> {
  // Only these: reading all variables takes longer than the rest, and some are read on each request. To deployment
  // tools, an empty variable means "not set".
  const present = Object.fromEntries(
    Object.keys(schema.shape).flatMap((name) => {
      const value = environment[name] || (inEmulator(environment) ? emulatorValue(name) : undefined);
      return value ? [[name, value]] : [];
    }),
  );
  const parsed = schema.safeParse(present);
  if (parsed.success) return parsed.data;
  throw new Error(`The environment is incomplete:\n${z.prettifyError(parsed.error)}`, {
    cause: parsed.error,
  });
}

const byName: Readonly<Record<string, DeclaredSetting>> = settings;

function emulatorValue(name: string): string | undefined {
  return byName[name]?.inEmulator;
}

const databaseByUrl = z.object({ DATABASE_URL: of("DATABASE_URL") });
const databaseByConnector = z.object({
  CLOUD_SQL_INSTANCE: of("CLOUD_SQL_INSTANCE"),
  CLOUD_SQL_USER: of("CLOUD_SQL_USER"),
  CLOUD_SQL_DATABASE: of("CLOUD_SQL_DATABASE"),
  CLOUD_SQL_IP: of("CLOUD_SQL_IP"),
});

/** The database: a URL, or a Cloud SQL instance reached through its connector with IAM authentication. */
export type DatabaseConfig = z.output<typeof databaseByUrl> | z.output<typeof databaseByConnector>;

/** Reads where the database is. @throws Error that names what is missing. */
export function databaseConfig(environment = process.env): DatabaseConfig {
  return read(environment["DATABASE_URL"] ? databaseByUrl : databaseByConnector, environment);
}

const databaseLimit = z.object({ DATABASE_MAX_CONNECTIONS: of("DATABASE_MAX_CONNECTIONS") });

/** Reads the database server's connection limit. */
export function databaseMaxConnections(environment = process.env): number {
  return read(databaseLimit, environment).DATABASE_MAX_CONNECTIONS;
}

const tokenSecrets = z.object({
  PARMA_SHARED_SECRET_KEY: of("PARMA_SHARED_SECRET_KEY"),
  PARMA_ANALYTICS_SECRET_KEY: of("PARMA_ANALYTICS_SECRET_KEY"),
});

/**
 * Reads the two secrets that sign the mining modules' tokens. There are no defaults outside the emulator.
 *
 * @throws Error where they are missing or, in production, weak
 */
export function tokenSecretsConfig(environment = process.env): z.output<typeof tokenSecrets> {
  const secrets = read(tokenSecrets, environment);
  checkKeys(secrets, environment);
  return secrets;
}

const checked = new Set<string>();

/** Refuses weak keys in production; tells a developer once. */
function checkKeys(secrets: Readonly<Record<string, SigningKeys>>, environment: NodeJS.ProcessEnv): void {
  if (!isDeployed(environment) && !inEmulator(environment)) return;
  // They are read on each request, and do not change while the process runs.
  const names = Object.keys(secrets).join();
  if (checked.has(names)) return;
  const weaknesses = weaknessesOf(secrets);
  if (weaknesses.length > 0 && isDeployed(environment)) {
    throw new Error(`Signing keys are not safe: ${weaknesses.join(" ")}`);
  }
  checked.add(names);
  if (weaknesses.length > 0) {
    logWarning("Weak signing keys: a deployed function refuses them", {
      reason: weaknesses.join(" "),
    });
  }
}

const blobs = z.object({ BLOB_STORE: of("BLOB_STORE") });

/** Reads where large raw answers and built-in modules' input files are kept: in the emulator, a folder. */
export function blobStoreConfig(environment = process.env): URL {
  return new URL(read(blobs, environment).BLOB_STORE);
}

const github = z.object({ GITHUB_API_URL: of("GITHUB_API_URL"), GITHUB_TOKEN: of("GITHUB_TOKEN") });

/** Reads where the GitHub API is, and the token for it. */
export function githubConfig(environment = process.env): z.output<typeof github> {
  return read(github, environment);
}

const language = z.object({
  OPENAI_API_KEY: of("OPENAI_API_KEY"),
  OPENAI_BASE_URL: of("OPENAI_BASE_URL"),
  OPENAI_MODEL: of("OPENAI_MODEL"),
  OPENAI_TIMEOUT_SECONDS: of("OPENAI_TIMEOUT_SECONDS"),
  OPENAI_TOKENS_PER_DAY: of("OPENAI_TOKENS_PER_DAY"),
});
export type LanguageConfig = z.output<typeof language>;

/** Reads the language model, its time limit and its daily budget. */
export function languageConfig(environment = process.env): LanguageConfig {
  return read(language, environment);
}

const mail = z.object({ SMTP_URL: of("SMTP_URL"), MAIL_FROM: of("MAIL_FROM") });

/** Reads the mail server and the sender. */
export function mailConfig(environment = process.env): z.output<typeof mail> {
  return read(mail, environment);
}

const operatorMail = z.object({ OPERATOR_EMAIL: of("OPERATOR_EMAIL") });

/** Reads the operators' address; undefined if they are told by the log only. */
export function operatorEmailConfig(environment = process.env): string | undefined {
  return read(operatorMail, environment).OPERATOR_EMAIL;
}

const slack = z.object({ SLACK_API_URL: of("SLACK_API_URL") });

/** Reads where Slack's Web API is. */
export function slackConfig(environment = process.env): z.output<typeof slack> {
  return read(slack, environment);
}

const channelSecrets = z.object({ LOCAL_SECRETS_FILE: of("LOCAL_SECRETS_FILE") });

/** Reads where the channels' secrets are. */
export function channelSecretsConfig(environment = process.env): z.output<typeof channelSecrets> {
  return read(channelSecrets, environment);
}

const links = z.object({
  WEB_APP_URL: of("WEB_APP_URL"),
  PUBLIC_URL: of("PUBLIC_URL"),
  PARMA_LINK_SECRET: of("PARMA_LINK_SECRET"),
});

/** Reads the settings for links in messages. @throws Error if they are missing or, in production, weak */
export function linkConfig(environment = process.env): z.output<typeof links> {
  const config = read(links, environment);
  checkKeys({ PARMA_LINK_SECRET: config.PARMA_LINK_SECRET }, environment);
  return config;
}

/** Checks that no two of the signing secrets are the same, for a function that has all. @throws Error */
export function checkSigningKeys(environment = process.env): void {
  const { PARMA_LINK_SECRET } = linkConfig(environment);
  checkKeys({ ...tokenSecretsConfig(environment), PARMA_LINK_SECRET }, environment);
}

const notifyWindow = z.object({
  NOTIFY_WINDOW_SECONDS: of("NOTIFY_WINDOW_SECONDS"),
  HISTORY_QUIET_SECONDS: of("HISTORY_QUIET_SECONDS"),
});

/** Reads how many seconds an alert waits for more findings of its company. */
export function notifyWindowConfig(environment = process.env): z.output<typeof notifyWindow> {
  return read(notifyWindow, environment);
}

const operators = z.object({
  GCLOUD_PROJECT: of("GCLOUD_PROJECT"),
  PUBLIC_URL: of("PUBLIC_URL"),
  OPERATOR_SERVICE_ACCOUNTS: of("OPERATOR_SERVICE_ACCOUNTS"),
  USER_TOKEN_KEYS_URL: of("USER_TOKEN_KEYS_URL"),
  SERVICE_TOKEN_KEYS_URL: of("SERVICE_TOKEN_KEYS_URL"),
});

/** Reads who may be an operator, and where the keys that verify their tokens are. */
export function operatorConfig(environment = process.env): z.output<typeof operators> {
  return read(operators, environment);
}

const emulatorOperator = z.object({ OPERATOR_TOKEN: of("OPERATOR_TOKEN") });

/** Reads the emulator's operator token. Outside the emulator there is none, whatever is set. */
export function emulatorOperatorToken(environment = process.env): string | undefined {
  return inEmulator(environment) ? read(emulatorOperator, environment).OPERATOR_TOKEN : undefined;
}

const deployment = z.object({
  SERVICE_ACCOUNTS: of("SERVICE_ACCOUNTS"),
  GCLOUD_PROJECT: of("GCLOUD_PROJECT").optional(),
});

/** The address of the service account that functions of a kind run as; undefined where all run as the default one. */
export function serviceAccountOf(account: string, environment = process.env): string | undefined {
  const { SERVICE_ACCOUNTS, GCLOUD_PROJECT } = read(deployment, environment);
  if (SERVICE_ACCOUNTS === "default" || GCLOUD_PROJECT === undefined) return undefined;
  // The whole address: firebase-tools completes the short form, "name@", for functions but not for their schedules.
  return `parma-${account}@${GCLOUD_PROJECT}.iam.gserviceaccount.com`;
}

const vpc = z.object({
  VPC_NETWORK: of("VPC_NETWORK"),
  VPC_SUBNETWORK: of("VPC_SUBNETWORK"),
  VPC_EGRESS: of("VPC_EGRESS"),
});

/** How functions are attached to a VPC, as firebase-functions has it; nothing where they are not. */
export function vpcConfig(environment = process.env) {
  const { VPC_NETWORK, VPC_SUBNETWORK, VPC_EGRESS } = read(vpc, environment);
  const networkInterface = {
    ...(VPC_NETWORK === undefined ? {} : { network: VPC_NETWORK }),
    ...(VPC_SUBNETWORK === undefined ? {} : { subnetwork: VPC_SUBNETWORK }),
  };
  return Object.keys(networkInterface).length === 0 ? {} : { networkInterface, vpcEgress: VPC_EGRESS };
}

const queueProject = z.object({
  GCLOUD_PROJECT: of("GCLOUD_PROJECT").optional(),
  GOOGLE_CLOUD_PROJECT: of("GOOGLE_CLOUD_PROJECT"),
  CLOUD_TASKS_EMULATOR_HOST: of("CLOUD_TASKS_EMULATOR_HOST"),
});

/** Reads the project whose queues Cloud Tasks has; undefined in the emulator, which cannot list its queues. */
export function queueProjectConfig(environment = process.env): string | undefined {
  const found = read(queueProject, environment);
  if (inEmulator(environment) || found.CLOUD_TASKS_EMULATOR_HOST !== undefined) return undefined;
  return found.GCLOUD_PROJECT ?? found.GOOGLE_CLOUD_PROJECT;
}

const webSecret = z.object({ PARMA_WEB_SECRET: of("PARMA_WEB_SECRET") });

/** Reads the secret that the web application's calls must carry; undefined where anyone may make them. */
export function webSecretConfig(environment = process.env): string | undefined {
  return read(webSecret, environment).PARMA_WEB_SECRET;
}

const moduleNetworks = z.object({ MODULE_NETWORKS: of("MODULE_NETWORKS") });

/** Reads the private networks that may be called. On a developer's machine, modules are wherever they are. */
export function moduleNetworksConfig(environment = process.env): readonly string[] {
  return read(moduleNetworks, environment).MODULE_NETWORKS;
}

const analysis = z.object({
  NEWS_SPACING_HOURS: of("NEWS_SPACING_HOURS"),
  ANOMALY_FALSE_ALARM_RATE: of("ANOMALY_FALSE_ALARM_RATE"),
});

/** Reads how much news the analysis may give. */
export function analysisConfig(environment = process.env): z.output<typeof analysis> {
  return read(analysis, environment);
}

const sweeping = z.object({ SWEEP_PATIENCE: of("SWEEP_PATIENCE") });

/** Reads the factor on the time that work may stand still before the sweep acts. For tests. */
export function sweepPatience(environment = process.env): number {
  return read(sweeping, environment).SWEEP_PATIENCE;
}
