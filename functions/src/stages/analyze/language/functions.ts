import { onTaskDispatched } from "firebase-functions/tasks";
import { IN_EMULATOR, REGION } from "../../../platform/config.ts";
import { addLogIds } from "../../../platform/logContext.ts";
import { LANGUAGE_SECRETS } from "../../../platform/secrets.ts";
import { runsAs } from "../../../platform/serviceAccounts.ts";
import { taskHandler } from "../../../platform/taskHandler.ts";

/** Gives the comments of a raw document their sentiment. */
export const scoreComments = onTaskDispatched(
  {
    ...runsAs("language"),
    region: REGION,
    // The offline library and its model take 100 MB, a document of 20 MB of comments as much again.
    memory: "512MiB",
    // The model is asked for four minutes at most; what it has not answered by then is scored offline.
    timeoutSeconds: 300,
    // Scoring offline is work for the processor.
    concurrency: 4,
    retryConfig: { maxAttempts: 5, minBackoffSeconds: IN_EMULATOR ? 1 : 30, maxBackoffSeconds: 600 },
    // Each makes four calls at once, and reserves their tokens: more would use up the day's budget for a moment.
    rateLimits: { maxConcurrentDispatches: 4 },
    secrets: [...LANGUAGE_SECRETS],
  },
  taskHandler(async (request) => {
    const { scoreComments } = await import("./scoreComments.ts");
    const { scoreCommentsPayload } = await import("../../../domain/analysis/tasks.ts");
    const payload = scoreCommentsPayload.parse(request.data);
    addLogIds({ document: payload.rawDocumentId });
    await scoreComments(await asking(240), payload, new Date());
  }),
);

/** Puts a news item in better words than its template's. */
export const improveNews = onTaskDispatched(
  {
    ...runsAs("language"),
    region: REGION,
    memory: "256MiB",
    // Three answers of 20 s, and the pauses between them.
    timeoutSeconds: 120,
    concurrency: 20,
    // Better words that come hours later are of no use: the template's have been read by then.
    retryConfig: { maxAttempts: 4, minBackoffSeconds: IN_EMULATOR ? 1 : 30, maxBackoffSeconds: 300 },
    rateLimits: { maxConcurrentDispatches: 10 },
    secrets: [...LANGUAGE_SECRETS],
  },
  taskHandler(async (request) => {
    const { improveNews } = await import("./improveNews.ts");
    const { improveNewsPayload } = await import("../../../domain/analysis/tasks.ts");
    const payload = improveNewsPayload.parse(request.data);
    addLogIds({ news: payload.newsId });
    await improveNews(await asking(100), payload, new Date());
  }),
);

async function asking(seconds: number) {
  const { database } = await import("../../../platform/postgres.ts");
  const { languageModel } = await import("../../../adapters/languageModels/languageModel.ts");
  return {
    db: await database(),
    model: await languageModel(),
    signal: AbortSignal.timeout(seconds * 1000),
  };
}
