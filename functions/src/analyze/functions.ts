import { onDocumentCreated } from "firebase-functions/firestore";
import { onTaskDispatched } from "firebase-functions/tasks";
import { IN_EMULATOR, REGION } from "../platform/config.ts";
import { eventHandler, taskHandler } from "../platform/handlers.ts";
import { endpoint } from "../platform/http.ts";
import { addLogIds, correlationOf } from "../platform/logContext.ts";
import { LANGUAGE_SECRETS } from "../platform/secrets.ts";
import { runsAs } from "../platform/serviceAccounts.ts";

/** Finds what is news in the values of a raw document. */
export const analyzeBatch = onDocumentCreated(
  {
    ...runsAs("analyze"),
    document: "parma/analytics/batch/{rawDocumentId}",
    region: REGION,
    // All that a run does is written in one transaction or enqueued under fixed ids: it may be tried again for a day.
    retry: true,
    // 45,000 values, and those of the document before, take 400 MB.
    memory: "1GiB",
    // The largest document takes five seconds; those that wait before it come first.
    timeoutSeconds: 180,
    // Two of the largest documents fit the memory.
    concurrency: 2,
    // A run uses one connection to PostgreSQL, and waits with it for others about the same company and source.
    maxInstances: 20,
    // Whether there is a language model: the news that it may put in better words are enqueued.
    secrets: [...LANGUAGE_SECRETS],
  },
  eventHandler(async (event) => {
    const documentId = event.params.rawDocumentId;
    const correlation = correlationOf({ taskId: event.data?.get("task_id"), documentId });
    addLogIds({ correlation, document: documentId });
    await analyze(documentId);
  }),
);

/** Analyzes a raw document whose event got lost. Task: `{ rawDocumentId }`. */
export const analyzeAgain = onTaskDispatched(
  {
    ...runsAs("analyze"),
    region: REGION,
    memory: "1GiB",
    timeoutSeconds: 180,
    concurrency: 2,
    retryConfig: { maxAttempts: 5, minBackoffSeconds: IN_EMULATOR ? 1 : 30, maxBackoffSeconds: 600 },
    // Leaves most of the connections to the documents that arrive.
    rateLimits: { maxConcurrentDispatches: 10 },
    secrets: [...LANGUAGE_SECRETS],
  },
  taskHandler(async (request) => {
    const { analyzeAgainPayload } = await import("./analyzeAgainTask.ts");
    const { rawDocumentId } = analyzeAgainPayload.parse(request.data);
    addLogIds({ correlation: correlationOf({ documentId: rawDocumentId }), document: rawDocumentId });
    await analyze(rawDocumentId);
  }),
);

/** Makes the notification rules that come with the project. */
export const notificationRules = endpoint(
  "notificationRules",
  "/notification-rules",
  {
    ...runsAs("analyze"),
    memory: "256MiB",
    timeoutSeconds: 60,
    // Anyone may call it, and it must not cost much: it writes once, and reads one statement after that.
    concurrency: 10,
    maxInstances: 1,
  },
  async () => (await import("./notificationRules.ts")).paths,
);

async function analyze(rawDocumentId: string): Promise<void> {
  const { analyzeBatch } = await import("./analyzeBatch.ts");
  const { analysisConfig, languageConfig } = await import("../platform/config.ts");
  const { database } = await import("../platform/postgres.ts");
  const { enqueueTasks } = await import("../platform/taskQueue.ts");
  const { NEWS_SPACING_HOURS, ANOMALY_FALSE_ALARM_RATE } = analysisConfig();
  const context = {
    db: await database(),
    enqueue: enqueueTasks,
    settings: {
      detector: { falseAlarmRate: ANOMALY_FALSE_ALARM_RATE },
      spacingMs: NEWS_SPACING_HOURS * 3_600_000,
    },
    improvesNews: languageConfig().OPENAI_API_KEY !== undefined,
    now: new Date(),
  };
  await analyzeBatch(context, rawDocumentId);
}
