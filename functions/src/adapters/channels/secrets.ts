import { readFile } from "node:fs/promises";
import { z } from "zod";
import { CHANNEL_SECRET_ID } from "../../domain/message/channel.ts";
import { DeliveryError } from "../../domain/message/deliveryError.ts";
import { channelSecretsConfig, IN_EMULATOR } from "../../platform/config.ts";

/** Reads a secret's latest version. */
type AccessLatestVersion = (secretId: string) => Promise<Uint8Array | string | null | undefined>;

/**
 * Reads a Slack bot token by its secret id: from Secret Manager, or from the file that LOCAL_SECRETS_FILE names.
 *
 * @throws DeliveryError
 */
export async function readChannelSecret(
  secretId: string,
  access: AccessLatestVersion = fromSecretManager,
): Promise<string> {
  if (!CHANNEL_SECRET_ID.test(secretId)) {
    throw new DeliveryError(
      "final",
      "The channel's secret_id does not name the token of a notification channel. Enter the Slack token again in the settings.",
    );
  }
  const { LOCAL_SECRETS_FILE } = channelSecretsConfig();
  const token =
    LOCAL_SECRETS_FILE === undefined
      ? await accessed(secretId, access)
      : await fromFile(LOCAL_SECRETS_FILE, secretId);
  if (token === "") {
    throw new DeliveryError(
      "final",
      "The Slack token of this channel is empty. Enter it anew in the settings.",
    );
  }
  return token;
}

async function accessed(secretId: string, access: AccessLatestVersion): Promise<string> {
  try {
    const payload = await access(secretId);
    return (typeof payload === "string" ? payload : Buffer.from(payload ?? []).toString("utf8")).trim();
  } catch (error) {
    throw secretFailure(error);
  }
}

async function fromSecretManager(secretId: string): Promise<Uint8Array | string | null | undefined> {
  if (IN_EMULATOR) {
    throw new DeliveryError(
      "final",
      "LOCAL_SECRETS_FILE names no file of tokens, and the emulator has no Secret Manager.",
    );
  }
  const { SecretManagerServiceClient } = await import("@google-cloud/secret-manager");
  // Over HTTP: one small request does not pay for a gRPC channel.
  const client = new SecretManagerServiceClient({ fallback: true });
  try {
    const project = await client.getProjectId();
    const [version] = await client.accessSecretVersion({
      name: `projects/${project}/secrets/${secretId}/versions/latest`,
    });
    return version.payload?.data;
  } finally {
    await client.close();
  }
}

const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const FAILED_PRECONDITION = 9;

const grpcError = z.object({ code: z.number(), message: z.string() });

function secretFailure(error: unknown): DeliveryError {
  if (error instanceof DeliveryError) return error;
  const { data } = grpcError.safeParse(error);
  const failed = (kind: "final" | "passing", reason: string) =>
    new DeliveryError(kind, reason, { cause: error });
  switch (data?.code) {
    case NOT_FOUND:
      return failed(
        "final",
        "The Slack token of this channel no longer exists. Enter it anew in the settings.",
      );
    case FAILED_PRECONDITION:
      return failed("final", "The Slack token of this channel was disabled. Enter it anew in the settings.");
    case PERMISSION_DENIED:
      return failed(
        "final",
        "The Slack token cannot be read. An operator must let the functions read secrets (Secret Manager Secret Accessor).",
      );
    default:
      return failed("passing", `Secret Manager could not be reached: ${data?.message ?? String(error)}`);
  }
}

const localSecrets = z.record(z.string(), z.string());

async function fromFile(file: string, secretId: string): Promise<string> {
  const secrets = localSecrets.parse(JSON.parse(await readFile(file, "utf8")));
  const token = Object.hasOwn(secrets, secretId) ? secrets[secretId] : undefined;
  if (token === undefined) {
    throw new DeliveryError("final", `${file} (LOCAL_SECRETS_FILE) has no secret ${secretId}`);
  }
  return token.trim();
}
