import type { NoticeMessage } from "../../../domain/message/message.ts";
import { formatInstant } from "../../../domain/words/numbers.ts";
import { oneLine } from "../../../domain/words/text.ts";
import type { RenderedEmail } from "./email.ts";
import { html, lines } from "./html.ts";
import { emailDocument, INK, row, SOFT, text } from "./layout.ts";
import { paragraph, textDocument } from "./plainText.ts";

/** What operators are told, as an email. */
export function noticeEmail(notice: NoticeMessage): RenderedEmail {
  const subject = oneLine(notice.subject);
  const reason = "You get this because OPERATOR_EMAIL names this address.";
  return {
    subject,
    html: emailDocument({
      title: subject,
      preheader: "",
      date: formatInstant(notice.createdAt),
      body: row(
        html`<div class="ink h1" style="${text(20, 26, INK)};font-weight:700">${subject}</div>
        <div class="soft" style="padding-top:8px;${text(15, 23, SOFT)}">${lines(notice.body)}</div>`,
        "20px 32px 28px",
      ),
      footer: reason,
    }),
    text: textDocument({ title: subject, parts: [paragraph(notice.body)], reason, links: [] }),
    images: [],
  };
}
