import { httpFunction } from "../../platform/http.ts";
import { addLogIds } from "../../platform/logContext.ts";
import { taskFunction } from "../../platform/taskFunction.ts";

/** Plans everybody's report when an operator asks for it. */
export const weeklyReportsNow = httpFunction(
  {
    name: "weeklyReportsNow",
    account: "report",
    memory: "256MiB",
    timeoutSeconds: 60,
    maxInstances: 1,

    connections: 1,
    uses: ["operators"],
    path: "/weekly-reports",
  },
  async () => (await import("./weeklyReports.ts")).paths,
);

/** Makes one user's report, keeps it, and sends it to the user's channels. */
export const sendReport = taskFunction(
  {
    name: "sendReport",
    account: "report",
    // Drawing fifty sparklines takes about 200 MB.
    memory: "512MiB",
    // Each of the user's channels takes up to half a minute if its provider hangs.
    timeoutSeconds: 300,
    concurrency: 2,
    // The deliveries count their attempts themselves; after these the sweeper takes over.
    retry: { attempts: 12, minBackoff: 30, maxBackoff: 600 },
    dispatches: { atOnce: 4 },
    maxInstances: 2,
    connections: 2,
    uses: ["mail", "slack", "links", "blobs"],
  },
  async (request) => {
    const { sendReport } = await import("./sendReport.ts");
    const { sendReportPayload } = await import("../../domain/message/sendReportTask.ts");
    const { database } = await import("../../platform/postgres.ts");
    const { blobStore } = await import("../../adapters/blobStore.ts");
    const { send } = await import("../../adapters/channels/channels.ts");
    const payload = sendReportPayload.parse(request.data);
    addLogIds({ correlation: `report-${payload.userId}-${payload.week}` });
    await sendReport(
      { db: await database(), blobStore: blobStore(), send, clock: () => new Date() },
      payload,
    );
  },
);
