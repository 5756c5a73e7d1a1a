import type { Message } from "../../../domain/message/message.ts";
import { alertEmail } from "./alertEmail.ts";
import type { HasChart, RenderedEmail } from "./email.ts";
import { noticeEmail } from "./noticeEmail.ts";
import { reportEmail } from "./reportEmail.ts";
import { testEmail } from "./testEmail.ts";

/** A message as an email, with the charts that were drawn. */
export function renderEmail(message: Message, hasChart: HasChart): RenderedEmail {
  switch (message.kind) {
    case "alert":
      return alertEmail(message, hasChart);
    case "report":
      return reportEmail(message, hasChart);
    case "test":
      return testEmail(message);
    case "notice":
      return noticeEmail(message);
  }
}
