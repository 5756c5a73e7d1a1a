import type { send } from "./send.ts";

/** {@link send}. What mail, Slack and charts take is loaded once there is something to send. */
export const sendWhenDue: typeof send = async (...message) => {
  const { send } = await import("./send.ts");
  return send(...message);
};
