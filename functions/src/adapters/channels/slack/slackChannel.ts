import type { Send } from "../../../domain/message/channel.ts";
import { DeliveryError } from "../../../domain/message/deliveryError.ts";
import { logWarning } from "../../../platform/log.ts";
import { drawCharts } from "../chart/drawChart.ts";
import { messageCharts } from "../chart/messageCharts.ts";
import { readChannelSecret } from "../secrets.ts";
import { sendSlack } from "./sendSlack.ts";

// Images are large in Slack. The first findings are the most severe.
const MAX_CHARTS = 3;

/** Posts a message to a Slack channel, by the bot token that the channel's secret holds. */
export const sendBySlack: Send = async ({ destination, secretId }, message, options) => {
  if (secretId === null) {
    throw new DeliveryError("final", "This Slack channel has no bot token. Enter one in the settings.");
  }
  const token = await readChannelSecret(secretId);
  const requests = message.kind === "alert" ? messageCharts(message).slice(0, MAX_CHARTS) : [];
  const charts = await drawCharts(requests);
  const { channel, ts, notes } = await sendSlack(message, { ...options, token, destination, charts });
  for (const note of notes) logWarning(note, { delivery: options.deliveryId });
  return { providerId: `${channel}:${ts}`, notes };
};
