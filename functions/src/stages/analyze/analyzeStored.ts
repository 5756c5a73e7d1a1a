import { analysisConfig, languageConfig } from "../../platform/config.ts";
import { database } from "../../platform/postgres.ts";
import { enqueueTasks } from "../../platform/taskQueue.ts";
import { analyzeBatch } from "./analyzeBatch.ts";

/** {@link analyzeBatch} with what this process is configured with. */
export async function analyzeStored(rawDocumentId: string): Promise<void> {
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
