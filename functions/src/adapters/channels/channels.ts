import type { Channel, Send } from "../../domain/message/channel.ts";

/** How each type of channel sends. What mail, Slack and charts take is loaded once there is something to send. */
const CHANNELS: Readonly<Record<Channel["type"], () => Promise<Send>>> = {
  EMAIL: async () => (await import("./email/emailChannel.ts")).sendByEmail,
  SLACK: async () => (await import("./slack/slackChannel.ts")).sendBySlack,
};

/** Sends a message to a channel, by its type. */
export const send: Send = async (channel, message, options) => {
  const sendByType = await CHANNELS[channel.type]();
  return sendByType(channel, message, options);
};
