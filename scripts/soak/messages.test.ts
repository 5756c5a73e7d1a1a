import { expect, test } from "@jest/globals";
import { renderEmail } from "../../functions/src/adapters/channels/email/renderEmail.ts";
import { renderSlack } from "../../functions/src/adapters/channels/slack/renderSlack.ts";
import { sampleAlert, sampleReport } from "../../functions/test/channels/sampleMessages.ts";
import type { CaughtMail } from "../../functions/test/standins/mail.ts";
import type { StandInMessage } from "../../functions/test/standins/slack.ts";
import { toldFindings } from "./messages.ts";

type Message = Parameters<typeof renderEmail>[0];

function mail(message: Message): CaughtMail {
  const { subject, html, text } = renderEmail(message, () => true);
  const to = ["anna@investor.example"];
  // As mail comes over the wire.
  return { from: [], to, subject, headers: {}, html, text: text.replaceAll("\n", "\r\n"), attachments: [] };
}

function slack(message: Message): StandInMessage {
  const { text, blocks } = renderSlack(message, new Map());
  return { channel: "C1", ts: "1.000001", text, blocks, metadata: null, postedAt: "" };
}

const alert = sampleAlert(3);

test("every finding of an alert is one, with its words and its reason, in either channel", () => {
  const told = toldFindings([mail(alert)], [slack(alert)]).map(({ what }) => what);
  expect(told).toHaveLength(6);
  alert.findings.forEach(({ title }, i) => {
    expect(told[i]).toMatch(/^EMAIL \| anna@investor.example \| .*Why you get this: /);
    expect(told[i]).toContain(title);
    expect(told[i + 3]).toMatch(/^SLACK \| C1 \| [\s\S]*\*Why:\* /);
    expect(told[i + 3]).toContain(title);
  });
  expect(new Set(told).size).toBe(6);
});

test("a finding is the same in whichever message it comes", () => {
  const [first, ...others] = alert.findings;
  if (first === undefined) throw new Error("The sample has no finding");
  const parts = [
    { ...alert, findings: others },
    { ...alert, findings: [first] },
  ];
  const whole = toldFindings([mail(alert)], [slack(alert)]).map(({ what }) => what);
  const told = toldFindings(parts.map(mail), parts.map(slack)).map(({ what }) => what);
  expect([told.length, new Set(told)]).toEqual([whole.length, new Set(whole)]);
});

test("a report tells no single findings", () => {
  expect(toldFindings([mail(sampleReport())], [slack(sampleReport())])).toEqual([]);
});
