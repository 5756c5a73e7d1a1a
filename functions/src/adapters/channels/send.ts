import type { Channel, Send, SendOptions, Sent } from "../../domain/message/channel.ts";
import { DeliveryError } from "../../domain/message/deliveryError.ts";
import type { Message } from "../../domain/message/message.ts";
import { mailConfig } from "../../platform/config.ts";
import { logWarning } from "../../platform/log.ts";
import { drawCharts } from "./chart/drawChart.ts";
import { messageCharts } from "./chart/messageCharts.ts";
import { renderEmail } from "./email/renderEmail.ts";
import { automaticHeaders, messageIdOf, sendEmail } from "./email/sendEmail.ts";
import { readChannelSecret } from "./secrets.ts";
import { sendSlack } from "./slack/sendSlack.ts";

// Images are large in Slack. The first findings are the most severe.
const SLACK_CHARTS = 3;

/** Sends a message to a channel, by its type. */
export const send: Send = (channel, message, options) =>
  channel.type === "EMAIL" ? byEmail(channel, message, options) : bySlack(channel, message, options);

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
