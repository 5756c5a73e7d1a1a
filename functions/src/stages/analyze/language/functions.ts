import { addLogIds } from "../../../platform/logContext.ts";
import { taskFunction } from "../../../platform/taskFunction.ts";

/** Gives the comments of a raw document their sentiment. */
export const scoreComments = taskFunction(
  {
    name: "scoreComments",
    account: "language",
    // The offline library and its model take 100 MB, a document of 20 MB of comments as much again.
    memory: "512MiB",
    // The model is asked for four minutes at most; what it has not answered by then is scored offline.
    timeoutSeconds: 300,
    // Scoring offline is work for the processor.
    concurrency: 4,
    retry: { attempts: 5, minBackoff: 30, maxBackoff: 600 },
    // Each makes four calls at once, and reserves their tokens: more would use up the day's budget for a moment.
    dispatches: { atOnce: 4 },
    maxInstances: 1,
    connections: 1,
    uses: ["language"],
  },
  async (request) => {
    const { scoreComments } = await import("./scoreComments.ts");
    const { scoreCommentsPayload } = await import("../../../domain/analysis/tasks.ts");
    const payload = scoreCommentsPayload.parse(request.data);
    addLogIds({ document: payload.rawDocumentId });
    await scoreComments(await asking(240), payload, new Date());
  },
);

/** Puts a news item in better words than its template's. */
export const improveNews = taskFunction(
  {
    name: "improveNews",
    account: "language",
    memory: "256MiB",
    // Three answers of 20 s, and the pauses between them.
    timeoutSeconds: 120,
    concurrency: 20,
    // Better words that come hours later are of no use: the template's have been read by then.
    retry: { attempts: 4, minBackoff: 30, maxBackoff: 300 },
    dispatches: { atOnce: 10 },
    maxInstances: 1,
    connections: 1,
    uses: ["language"],
  },
  async (request) => {
    const { improveNews } = await import("./improveNews.ts");
    const { improveNewsPayload } = await import("../../../domain/analysis/tasks.ts");
    const payload = improveNewsPayload.parse(request.data);
    addLogIds({ news: payload.newsId });
    await improveNews(await asking(100), payload, new Date());
  },
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
