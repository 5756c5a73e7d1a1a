import { onTaskDispatched } from "firebase-functions/tasks";
import { IN_EMULATOR, REGION } from "../../platform/config.ts";
import { endpoint } from "../../platform/http.ts";
import { addLogIds } from "../../platform/logContext.ts";
import { CHANNEL_SECRETS } from "../../platform/secrets.ts";
import { runsAs } from "../../platform/serviceAccounts.ts";
import { taskHandler } from "../../platform/taskHandler.ts";

/** Plans everybody's report when an operator asks for it. */
export const weeklyReportsNow = endpoint(
  "weeklyReportsNow",
  "/weekly-reports",
  {
    ...runsAs("report"),
    memory: "256MiB",
    timeoutSeconds: 180,
    maxInstances: 1,
  },
  async () => (await import("./weeklyReports.ts")).paths,
);

/** Makes one user's report, keeps it, and sends it to the user's channels. */
export const sendReport = onTaskDispatched(
  {
    ...runsAs("report"),
    region: REGION,
    // Drawing fifty sparklines takes about 200 MB.
    memory: "512MiB",
    // Each channel of the user takes up to half a minute where its provider hangs.
    timeoutSeconds: 300,
    concurrency: 2,
    // The deliveries count their attempts themselves; after these the sweeper takes over.
    retryConfig: { maxAttempts: 12, minBackoffSeconds: IN_EMULATOR ? 1 : 30, maxBackoffSeconds: 600 },
    rateLimits: { maxConcurrentDispatches: 10 },
    secrets: [...CHANNEL_SECRETS],
  },
  taskHandler(async (request) => {
    const { sendReport } = await import("./sendReport.ts");
    const { sendReportPayload } = await import("../../domain/message/sendReportTask.ts");
    const { database } = await import("../../platform/postgres.ts");
    const { blobStore } = await import("../../adapters/blobStore.ts");
    const { sendWhenDue } = await import("../../adapters/channels/sendWhenDue.ts");
    const payload = sendReportPayload.parse(request.data);
    addLogIds({ correlation: `report-${payload.userId}-${payload.week}` });
    await sendReport(
      { db: await database(), blobStore: blobStore(), send: sendWhenDue, clock: () => new Date() },
      payload,
    );
  }),
);
