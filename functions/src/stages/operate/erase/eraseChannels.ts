import { z } from "zod";
import { CHANNEL_SECRET_ID } from "../../../domain/message/channel.ts";
import { IN_EMULATOR } from "../../../platform/config.ts";
import { errorCode } from "../../../platform/errorCode.ts";
import { selectRow } from "../../../platform/postgres.ts";
import { eraseRow } from "./eraseRows.ts";
import { addCounts, type EraseContext, leaveToOthers, type Receipt } from "./erasure.ts";

// A channel's owner is known by its subscriptions or, if they ended, by what was sent through it.
const NOTE_OWN_CHANNELS = `
  update pipeline.erasure
     set own_channels = own_channels || array(
           select channel.id
             from notification_channel channel
            where channel.id in (
                    select channel_id from notification_subscription where user_id = $2
                    union
                    select channel_id from pipeline.delivery where user_id = $2)
              and channel.id <> all (own_channels)
              and not exists (
                select from notification_subscription other
                 where other.channel_id = channel.id and other.user_id <> $2)
              and not exists (
                select from pipeline.delivery other where other.channel_id = channel.id and other.user_id <> $2))
   where id = $1`;

const NEXT_OWN_CHANNEL = `
  select channel.id, channel.secret_id,
         exists (
           select from notification_channel other
            where other.secret_id = channel.secret_id and other.id <> channel.id) as is_secret_shared
    from pipeline.erasure
    join notification_channel channel on channel.id = any (erasure.own_channels)
   where erasure.id = $1
   order by channel.id
   limit 1`;

const channelRow = z.object({ id: z.int(), secretId: z.string().nullable(), isSecretShared: z.boolean() });

/** Erases the channels that belong to the user alone, each after its secret, because its row names the secret. */
export async function eraseChannels(context: EraseContext, { id, subjectId }: Receipt): Promise<void> {
  await context.db.query(NOTE_OWN_CHANNELS, [id, subjectId]);
  for (;;) {
    context.signal?.throwIfAborted();
    const channel = await selectRow(context.db, channelRow, NEXT_OWN_CHANNEL, [id]);
    if (channel === undefined) return;
    if (channel.secretId !== null && !channel.isSecretShared) {
      await eraseSecret(context, id, channel.secretId);
    }
    await eraseRow(context, {
      erasureId: id,
      root: "public.notification_channel",
      table: "notification_channel",
      id: channel.id,
    });
  }
}

// In the order in which a crash leaves no secret unnamed; it may be counted twice then.
async function eraseSecret({ db, removeSecret }: EraseContext, erasureId: number, secretId: string) {
  const reason = await removeSecret(secretId);
  if (reason === undefined) await addCounts(db, erasureId, { "secret manager": 1 });
  else await leaveToOthers(db, erasureId, [{ where: "Secret Manager", what: `${secretId} (${reason})` }]);
}

/** Deletes a channel's secret. @returns why it could not be deleted; undefined if it was */
export type RemoveSecret = (secretId: string) => Promise<string | undefined>;

const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;

/** {@link RemoveSecret} in Secret Manager. @throws passing errors */
export const removeChannelSecret: RemoveSecret = async (secretId) => {
  if (!CHANNEL_SECRET_ID.test(secretId)) return "its name is not that of a channel's secret";
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
