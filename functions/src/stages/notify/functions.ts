import { onTaskDispatched } from "firebase-functions/tasks";
import { IN_EMULATOR, REGION } from "../../platform/config.ts";
import { endpoint } from "../../platform/http.ts";
import { addLogIds } from "../../platform/logContext.ts";
import { CHANNEL_SECRETS, LINK_SECRETS } from "../../platform/secrets.ts";
import { runsAs } from "../../platform/serviceAccounts.ts";
import { taskHandler } from "../../platform/taskHandler.ts";

/** Sends one alert to one channel. */
export const deliver = onTaskDispatched(
  {
    ...runsAs("notify"),
    region: REGION,
    // Drawing the charts of four messages at once takes up to 600 MB.
    memory: "1GiB",
    // A provider that hangs is given up after some 30 s, at most twice in an attempt.
    timeoutSeconds: 120,
    // Drawing keeps the processor busy for a second or two.
    concurrency: 4,
    // The delivery counts its own attempts and says when the next one is due; these are for what comes too early and
    // for a process that dies. After them the sweeper takes over.
    retryConfig: { maxAttempts: 12, minBackoffSeconds: IN_EMULATOR ? 1 : 15, maxBackoffSeconds: 600 },
    // Slack takes about one message a second and channel, mail servers a few connections at once.
    rateLimits: { maxConcurrentDispatches: 20, maxDispatchesPerSecond: 20 },
    secrets: [...CHANNEL_SECRETS],
  },
  taskHandler(async (request) => {
    const { attemptDelivery } = await import("../../domain/message/attemptDelivery.ts");
    const { deliverPayload } = await import("../../domain/message/deliverTask.ts");
    const { composeAlert } = await import("./composeAlert.ts");
    const context = await sending();
    const { deliveryId } = deliverPayload.parse(request.data);
    addLogIds({ delivery: deliveryId });
    await attemptDelivery(context, deliveryId, (delivery, now) => composeAlert(context.db, delivery, now));
  }),
);

/** Sends a test message. Task: `{ channelId }`; the result is in pipeline.delivery and pipeline.channel_status. */
export const sendTestMessage = onTaskDispatched(
  {
    ...runsAs("notify"),
    region: REGION,
    memory: "256MiB",
    timeoutSeconds: 120,
    // Once: what is wanted is the provider's answer, and not the message at any price.
    retryConfig: { maxAttempts: 1 },
    rateLimits: { maxConcurrentDispatches: 5 },
    secrets: [...CHANNEL_SECRETS],
  },
  taskHandler(async (request) => {
    const { sendTestMessage, testMessagePayload } = await import("./sendTestMessage.ts");
    await sendTestMessage(await sending(), testMessagePayload.parse(request.data));
  }),
);

/** What the links in messages lead to: asks (GET), then mutes a company or pauses a channel (POST). */
export const unsubscribe = endpoint(
  "unsubscribe",
  "/unsubscribe",
  {
    ...runsAs("notify"),
    memory: "256MiB",
    timeoutSeconds: 30,
    concurrency: 80,
    // Anyone may call it; what a mail scanner follows at once waits.
    maxInstances: 3,
    secrets: [...LINK_SECRETS],
  },
  async () => (await import("./unsubscribe.ts")).paths,
);

async function sending() {
  const { database } = await import("../../platform/postgres.ts");
  const { sendWhenDue } = await import("../../adapters/channels/sendWhenDue.ts");
  return { db: await database(), send: sendWhenDue, clock: () => new Date() };
}
