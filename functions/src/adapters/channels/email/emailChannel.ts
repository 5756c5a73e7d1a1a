import type { Send } from "../../../domain/message/channel.ts";
import { mailConfig } from "../../../platform/config.ts";
import { drawCharts } from "../chart/drawChart.ts";
import { messageCharts } from "../chart/messageCharts.ts";
import { renderEmail } from "./renderEmail.ts";
import { automaticHeaders, messageIdOf, sendEmail } from "./sendEmail.ts";

/** Sends a message as an email with its charts. */
export const sendByEmail: Send = async (
  { destination },
  message,
  { deliveryId, beforeHandingOver, timeoutMs },
) => {
  const { SMTP_URL, MAIL_FROM } = mailConfig();
  const charts = await drawCharts(messageCharts(message));
  const { subject, html, text, images } = renderEmail(message, (id) => charts.has(id));
  const unsubscribe =
    "links" in message && "unsubscribe" in message.links ? message.links.unsubscribe : undefined;
  await beforeHandingOver();
  const messageId = await sendEmail(
    { transportUrl: SMTP_URL, from: MAIL_FROM, timeoutMs },
    {
      to: destination,
      subject,
      html,
      text,
      images: new Map([...charts].filter(([id]) => images.includes(id))),
      headers: automaticHeaders(unsubscribe),
      messageId: messageIdOf(deliveryId, MAIL_FROM),
    },
  );
  return { providerId: messageId, notes: [] };
};
