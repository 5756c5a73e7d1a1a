import { httpFunction } from "../../platform/http.ts";
import { addLogIds } from "../../platform/logContext.ts";
import { taskFunction } from "../../platform/taskFunction.ts";

/** Sends one alert to one channel, or one notice to the operators. */
export const deliver = taskFunction(
  {
    name: "deliver",
    account: "notify",
    // Drawing the charts of four messages at once takes up to 600 MB.
    memory: "1GiB",
    // A provider that hangs is given up after some 30 s, at most twice in an attempt.
    timeoutSeconds: 120,
    // Drawing keeps the processor busy for a second or two.
    concurrency: 4,
    // The delivery counts its own attempts and says when the next one is due; these are for what comes too early and
    // for a process that dies. After them the sweeper takes over.
    retry: { attempts: 12, minBackoff: 15, maxBackoff: 600 },
    // Slack takes about one message a second and channel, mail servers a few connections at once.
    dispatches: { atOnce: 16, perSecond: 20 },
    maxInstances: 4,
    connections: 1,
    uses: ["operatorMail", "mail", "slack", "links"],
  },
  async (request) => {
    const { attemptDelivery } = await import("../../domain/message/attemptDelivery.ts");
    const { deliverPayload } = await import("../../domain/message/deliverTask.ts");
    const { composeAlert } = await import("./composeAlert.ts");
    const { composeNotice } = await import("./composeNotice.ts");
    const context = await sending();
    const { deliveryId } = deliverPayload.parse(request.data);
    addLogIds({ delivery: deliveryId });
    await attemptDelivery(context, deliveryId, (delivery, now) =>
      delivery.kind === "NOTICE"
        ? composeNotice(context.db, delivery)
        : composeAlert(context.db, delivery, now),
    );
  },
);

/** Sends a test message. Task: `{ channelId }`; the result is in pipeline.delivery and pipeline.channel_status. */
export const sendTestMessage = taskFunction(
  {
    name: "sendTestMessage",
    account: "notify",
    memory: "256MiB",
    timeoutSeconds: 120,
    // Once: what is wanted is the provider's answer, and not the message at any price.
    retry: { attempts: 1 },
    dispatches: { atOnce: 5 },
    maxInstances: 1,
    connections: 1,
    uses: ["operatorMail", "mail", "slack", "links"],
  },
  async (request) => {
    const { sendTestMessage, testMessagePayload } = await import("./sendTestMessage.ts");
    await sendTestMessage(await sending(), testMessagePayload.parse(request.data));
  },
);

/** What the links in messages lead to: asks (GET), then mutes a company or pauses a channel (POST). */
export const unsubscribe = httpFunction(
  {
    name: "unsubscribe",
    account: "notify",
    memory: "256MiB",
    timeoutSeconds: 30,
    concurrency: 80,
    // Anyone may call it; what a mail scanner follows at once waits.
    maxInstances: 1,

    connections: 1,
    uses: ["links"],
    path: "/unsubscribe",
  },
  async () => (await import("./unsubscribe.ts")).paths,
);

async function sending() {
  const { database } = await import("../../platform/postgres.ts");
  const { send } = await import("../../adapters/channels/channels.ts");
  const { operatorEmailConfig } = await import("../../platform/config.ts");
  return { db: await database(), send, clock: () => new Date(), operatorEmail: operatorEmailConfig() };
}
