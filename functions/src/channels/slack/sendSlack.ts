import type { WebClient } from "@slack/web-api";
import type { Message } from "../message.ts";
import { slackClient } from "./client.ts";
import { type FoundChannel, findChannel, forgetChannel } from "./findChannel.ts";
import { findPosted, type Posted, postMessage } from "./postMessage.ts";
import { renderSlack } from "./renderSlack.ts";
import { slackErrorCode, slackFailure } from "./slackError.ts";
import { uploadCharts } from "./uploadCharts.ts";

interface SlackDelivery {
  readonly token: string;
  /** A channel's name or id. */
  readonly destination: string;
  readonly deliveryId: string;
  readonly now: Date;
  readonly previousAttemptAt?: Date;
  readonly charts: ReadonlyMap<string, Uint8Array>;
  readonly timeout?: number;
}

/**
 * Posts a message to a Slack channel.
 *
 * The charts are uploaded first and the message is posted last, by one call: whatever fails before it, nothing was
 * sent, and the delivery can be repeated.
 *
 * @throws DeliveryError
 */
export async function sendSlack(
  message: Message,
  delivery: SlackDelivery,
): Promise<Posted & { notes: readonly string[] }> {
  const client = await slackClient(delivery.token, delivery.timeout);
  try {
    const channel = await findChannel(client, delivery);
    const earlier = await earlierPost(client, channel, delivery);
    if (earlier !== undefined) return { ...earlier, notes: ["An earlier attempt had posted the message."] };
    const { files, notes } = await uploadCharts(client, delivery.charts);
    const content = (withCharts: boolean) => renderSlack(message, withCharts ? files : new Map());
    const post = ({ id }: FoundChannel) =>
      postMessage(client, id, { deliveryId: delivery.deliveryId, content });
    return { ...(await postOrFindAnew(client, channel, delivery, post)), notes };
  } catch (error) {
    throw slackFailure(error, delivery.destination);
  }
}

async function earlierPost(
  client: WebClient,
  { id }: FoundChannel,
  { deliveryId, previousAttemptAt }: SlackDelivery,
): Promise<Posted | undefined> {
  if (previousAttemptAt === undefined || id.startsWith("#")) return undefined;
  return findPosted(client, id, { deliveryId, since: previousAttemptAt });
}

/** A channel can have been removed and made anew under its name since it was remembered. */
async function postOrFindAnew(
  client: WebClient,
  channel: FoundChannel,
  delivery: SlackDelivery,
  post: (channel: FoundChannel) => Promise<Posted>,
): Promise<Posted> {
  try {
    return await post(channel);
  } catch (error) {
    const code = slackErrorCode(error);
    if (code !== "channel_not_found" && code !== "is_archived") throw error;
    forgetChannel(delivery.token, delivery.destination);
    if (!channel.isRemembered) throw error;
    return post(await findChannel(client, delivery));
  }
}
