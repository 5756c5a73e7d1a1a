import { askForTestMessage } from "./messages/askForTestMessage.ts";
import { usePipeline } from "./pipeline.ts";

/** `test-message`: sends a test message to a channel and prints the provider's answer. */
export async function testMessage(channelId: number, { json }: { json: boolean }): Promise<void> {
  await usePipeline();
  const { database } = await import("../../functions/src/platform/postgres.ts");
  const { enqueueTasks } = await import("../../functions/src/platform/taskQueue.ts");
  const { state, providerId, error } = await askForTestMessage(
    { db: await database(), enqueue: enqueueTasks },
    channelId,
  );
  if (state !== "SENT") process.exitCode = 1;
  if (json) console.log(JSON.stringify({ channelId, state, providerId, error }));
  else if (state === "SENT") console.log(`Sent. The provider's message id: ${providerId ?? "none"}.`);
  else console.log(`Not sent (${state}): ${error ?? ""}`);
}
