import { drawCharts } from "../../adapters/channels/chart/drawChart.ts";
import { messageCharts } from "../../adapters/channels/chart/messageCharts.ts";
import { renderEmail } from "../../adapters/channels/email/renderEmail.ts";
import { attemptDelivery, NotSentYetError, type SendContext } from "../../domain/message/attemptDelivery.ts";
import { silenceLink } from "../../domain/message/links.ts";
import type { ReportMessage } from "../../domain/message/message.ts";
import type { SendReportPayload } from "../../domain/message/sendReportTask.ts";
import type { BlobStore } from "../../domain/rawDocument/blobStore.ts";
import { logError } from "../../platform/log.ts";
import { composeReport } from "./composeReport.ts";
import { type OpenReport, openReport } from "./openReport.ts";
import { weekUntil } from "./week.ts";

/** What making and sending a report takes. */
export interface ReportContext extends SendContext {
  readonly blobStore: BlobStore;
}

/**
 * Makes a user's report of a week, keeps its page, and sends it once to each channel. Run again, it does what is
 * left to do.
 *
 * @throws NotSentYetError if a channel is to be tried again
 */
export async function sendReport(context: ReportContext, report: SendReportPayload): Promise<void> {
  const open = await openReport(context.db, report, context.clock());
  if (open === undefined || (open.deliveries.length === 0 && open.pageBlob !== null)) return;
  const message = await composeReport(context.db, {
    userId: report.userId,
    userName: open.userName,
    period: weekUntil(open.periodTo),
    toldUntil: open.toldUntil,
  });
  const failures: unknown[] = [];
  const attempt = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      failures.push(error);
    }
  };
  // A failing channel or store does not stop the others.
  if (message !== undefined) await attempt(() => keepPage(context, report, open, message));
  for (const id of open.deliveries) {
    await attempt(() =>
      attemptDelivery(context, id, async ({ channelId }) =>
        message && channelId !== null ? withUnsubscribe(message, channelId) : undefined,
      ),
    );
  }
  for (const failure of failures) {
    if (!(failure instanceof NotSentYetError)) logError("A report failed", failure, { user: report.userId });
  }
  if (failures.length > 0) throw failures[0];
}

async function keepPage(
  { db, blobStore }: ReportContext,
  { userId, week }: SendReportPayload,
  { pageBlob }: OpenReport,
  message: ReportMessage,
): Promise<void> {
  if (pageBlob !== null) return;
  // Mail and charts take long to load, and a repeated report already has its page.
  const { reportPage } = await import("./sendReport.ts");
  const name = `reports/users/${userId}/${week}.html`;
  await blobStore.write(name, Buffer.from(await reportPage(message)));
  await db.query("update pipeline.report_run set page_blob = $3 where user_id = $1 and week = $2", [
    userId,
    week,
    name,
  ]);
}

async function withUnsubscribe(message: ReportMessage, channelId: number): Promise<ReportMessage> {
  const unsubscribe = await silenceLink({ act: "pause", channel: channelId });
  return { ...message, links: { ...message.links, unsubscribe } };
}

/** A report as one self-contained page: the email with its images inside. */
export async function reportPage(message: ReportMessage): Promise<string> {
  const charts = await drawCharts(messageCharts(message));
  const { html, images } = renderEmail(message, (id) => charts.has(id));
  return images.reduce(
    (page, id) =>
      page.replaceAll(
        `src="cid:${id}"`,
        `src="data:image/png;base64,${Buffer.from(charts.get(id) ?? []).toString("base64")}"`,
      ),
    html,
  );
}
