import { IN_EMULATOR } from "../../../platform/config.ts";
import { errorCode } from "../../../platform/errorCode.ts";

/** Deletes a channel's secret. @returns why it is still there, where it is */
export type RemoveSecret = (secretId: string) => Promise<string | undefined>;

// What the web application calls the secrets that it makes. The id stands in a column that users' requests fill: one of
// another name is not a channel's.
const CHANNEL_SECRET = /^parma-analytics-notification-channel-key-[\w-]{1,200}$/;

const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;

/** {@link RemoveSecret} in Secret Manager. @throws what may pass */
export const removeChannelSecret: RemoveSecret = async (secretId) => {
  if (!CHANNEL_SECRET.test(secretId)) return "its name is not that of a channel's secret";
  if (IN_EMULATOR) return "the emulator has no Secret Manager";
  const { SecretManagerServiceClient } = await import("@google-cloud/secret-manager");
  // Over HTTP: one small request does not pay for a gRPC channel.
  const client = new SecretManagerServiceClient({ fallback: true });
  try {
    await client.deleteSecret({ name: `projects/${await client.getProjectId()}/secrets/${secretId}` });
    return undefined;
  } catch (error) {
    if (errorCode(error) === NOT_FOUND) return undefined;
    if (errorCode(error) === PERMISSION_DENIED) return "this service account may not delete secrets";
    throw error;
  } finally {
    await client.close();
  }
};
