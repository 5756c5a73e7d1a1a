import type { Send } from "../../domain/message/channel.ts";

/** {@link Send}. What mail, Slack and charts take is loaded once there is something to send. */
export const sendWhenDue: Send = async (...message) => {
  const { send } = await import("./send.ts");
  return send(...message);
};
