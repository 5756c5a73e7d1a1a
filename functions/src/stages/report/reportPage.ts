import { drawCharts } from "../../adapters/channels/chart/drawChart.ts";
import { messageCharts } from "../../adapters/channels/chart/messageCharts.ts";
import { renderEmail } from "../../adapters/channels/email/renderEmail.ts";
import type { ReportMessage } from "../../domain/message/message.ts";

/** A report as one page that needs nothing beside it: the email, with its images inside. */
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
