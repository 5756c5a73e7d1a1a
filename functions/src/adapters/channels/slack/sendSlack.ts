import type { WebClient } from "@slack/web-api";
import type { Uploads } from "../../../domain/message/channel.ts";
import type { Message } from "../../../domain/message/message.ts";
import { slackClient } from "./client.ts";
import { type FoundChannel, findChannel, forgetChannel } from "./findChannel.ts";
import type { Posted } from "./findPosted.ts";
import { postMessage } from "./postMessage.ts";
import { renderSlack } from "./renderSlack.ts";
import { slackErrorCode, slackFailure } from "./slackError.ts";
import { uploadCharts } from "./uploadCharts.ts";

interface SlackDelivery {
  readonly token: string;
  /** A channel's name or id. */
  readonly destination: string;
  readonly deliveryId: string;
  readonly now: Date;
  readonly beforeHandingOver: () => Promise<void>;
  readonly charts: ReadonlyMap<string, Uint8Array>;
  readonly uploads?: Uploads | undefined;
  readonly timeoutMs?: number | undefined;
}

/**
 * Posts a message to a Slack channel.
 *
 * The charts are uploaded first and the message is posted last, by one call: whatever fails before it, nothing was
 * sent, and the delivery can be repeated.
 *
 * @throws DeliveryError, and whatever `beforeHandingOver` throws
 */
export async function sendSlack(
  message: Message,
  delivery: SlackDelivery,
): Promise<Posted & { notes: readonly string[] }> {
  const client = await slackClient(delivery.token, delivery.timeoutMs);
  try {
    const channel = await findChannel(client, delivery);
    const { files, notes } = await uploadCharts(client, delivery.charts, delivery.uploads);
    const content = (withCharts: boolean) => renderSlack(message, withCharts ? files : new Map());
    const post = ({ id }: FoundChannel) =>
      postMessage(client, id, { deliveryId: delivery.deliveryId, now: delivery.now, content });
    await delivery.beforeHandingOver();
    return { ...(await postOrFindAnew(client, channel, delivery, post)), notes };
  } catch (error) {
    throw slackFailure(error, delivery.destination);
  }
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
