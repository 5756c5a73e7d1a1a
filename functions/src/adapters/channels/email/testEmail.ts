import type { TestMessage } from "../../../domain/message/message.ts";
import { formatInstant } from "../../../domain/words/numbers.ts";
import { oneLine } from "../../../domain/words/text.ts";
import type { RenderedEmail } from "./email.ts";
import { html } from "./html.ts";
import { button, emailDocument, INK, row, SOFT, text } from "./layout.ts";
import { paragraph, textDocument } from "./plainText.ts";

/** The email that shows that an address works. */
export function testEmail({ user, links, sentAt }: TestMessage): RenderedEmail {
  const name = oneLine(user.name);
  const words = `Hello ${name}, this address gets your news and reports from Parma Analytics from now on. This test was sent on ${formatInstant(sentAt)}.`;
  const reason = "Somebody asked for a test of this address in the notification settings.";
  return {
    subject: "It works: a test message of Parma Analytics",
    html: emailDocument({
      title: "A test message",
      preheader: "This address gets your news and reports from now on.",
      date: "",
      body: [
        row(
          html`<div class="ink h1" style="${text(26, 32, INK)};font-weight:700;letter-spacing:-.4px">It works.</div>
          <div class="soft" style="padding-top:8px;${text(15, 23, SOFT)}">${words}</div>`,
          "20px 32px 0",
        ),
        row(button("Notification settings", links.settings), "18px 32px 28px"),
      ],
      footer: reason,
    }),
    text: textDocument({
      title: "It works.",
      parts: [paragraph(words)],
      reason,
      links: [["Notification settings", links.settings]],
    }),
    images: [],
  };
}
