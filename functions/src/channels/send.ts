import { mailConfig } from "../platform/config.ts";
import { logWarning } from "../platform/log.ts";
import { drawCharts } from "./chart/drawChart.ts";
import { messageCharts } from "./chart/messageCharts.ts";
import { DeliveryError } from "./deliveryError.ts";
import { renderEmail } from "./email/renderEmail.ts";
import { automaticHeaders, messageIdOf, sendEmail } from "./email/sendEmail.ts";
import type { Message } from "./message.ts";
import { readChannelSecret } from "./secrets.ts";
import { sendSlack } from "./slack/sendSlack.ts";

/** A row of notification_channel, as far as sending needs it. */
export interface Channel {
  readonly type: "EMAIL" | "SLACK";
  readonly destination: string;
  readonly secretId: string | null;
}

export interface SendOptions {
  /** Names the delivery to the provider. */
  readonly deliveryId: string;
  readonly now: Date;
  /** Awaited right before the provider is given the message. Where it throws, nothing was sent. */
  readonly beforeHandingOver: () => Promise<void>;
  /** How long the provider may be silent, where its usual time is not meant. */
  readonly timeoutMs?: number | undefined;
}

/** A message that the provider took. */
export interface Sent {
  /** Message-ID of an email; channel and timestamp of a Slack message, e.g. `C0123456789:1700000000.000100`. */
  readonly providerId: string | null;
  /** What did not go as it should, and did not matter enough to stop the message. */
  readonly notes: readonly string[];
}

// Images are large in Slack. The first findings are the most severe.
const SLACK_CHARTS = 3;

/**
 * Sends a message to a channel.
 *
 * @throws DeliveryError with the provider's reason; any other error is a mistake in the configuration or in here, or
 *   what `beforeHandingOver` threw. Only where the error's kind is "unclear" may the message have been sent.
 */
export async function send(channel: Channel, message: Message, options: SendOptions): Promise<Sent> {
  return channel.type === "EMAIL" ? byEmail(channel, message, options) : bySlack(channel, message, options);
}

async function byEmail(
  { destination }: Channel,
  message: Message,
  { deliveryId, beforeHandingOver, timeoutMs }: SendOptions,
): Promise<Sent> {
  const { SMTP_URL, MAIL_FROM } = mailConfig();
  const charts = await drawCharts(messageCharts(message));
  const { subject, html, text, images } = renderEmail(message, (id) => charts.has(id));
  const unsubscribe = "unsubscribe" in message.links ? message.links.unsubscribe : undefined;
  await beforeHandingOver();
  const messageId = await sendEmail(
    { transportUrl: SMTP_URL, from: MAIL_FROM, timeoutMs },
    {
      to: destination,
      subject,
      html,
      text,
      images: new Map([...charts].filter(([id]) => images.includes(id))),
      headers: automaticHeaders(unsubscribe),
      messageId: messageIdOf(deliveryId, MAIL_FROM),
    },
  );
  return { providerId: messageId, notes: [] };
}

async function bySlack(
  { destination, secretId }: Channel,
  message: Message,
  options: SendOptions,
): Promise<Sent> {
  if (secretId === null) {
    throw new DeliveryError("final", "This Slack channel has no bot token. Enter one in the settings.");
  }
  const token = await readChannelSecret(secretId);
  const requests = message.kind === "alert" ? messageCharts(message).slice(0, SLACK_CHARTS) : [];
  const charts = await drawCharts(requests);
  const { channel, ts, notes } = await sendSlack(message, { ...options, token, destination, charts });
  for (const note of notes) logWarning(note, { delivery: options.deliveryId });
  return { providerId: `${channel}:${ts}`, notes };
}
