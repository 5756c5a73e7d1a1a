import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { type MailServer, startMailServer } from "../../../test/channels/mailServer.ts";
import { SENT_AT, sampleAlert, sampleReport, sampleTest } from "../../../test/channels/sampleMessages.ts";
import { type SlackStandIn, STAND_IN_TOKEN, startSlackStandIn } from "../../../test/standins/slack.ts";
import { send } from "./channels.ts";

const email = { type: "EMAIL", destination: "anna@investor.example", secretId: null } as const;
const slackChannel = {
  type: "SLACK",
  destination: "#portfolio-news",
  secretId: "parma-analytics-notification-channel-key-1",
} as const;
const options = { deliveryId: "17", now: SENT_AT, beforeHandingOver: async () => undefined };

let mail: MailServer;
let slack: SlackStandIn;
let folder: string;

beforeEach(async () => {
  [mail, slack, folder] = await Promise.all([
    startMailServer(),
    startSlackStandIn(),
    mkdtemp(join(tmpdir(), "parma-send-")),
  ]);
  const secrets = join(folder, "secrets.json");
  await writeFile(
    secrets,
    JSON.stringify({
      "parma-analytics-notification-channel-key-1": STAND_IN_TOKEN,
      "parma-analytics-notification-channel-key-2": "xoxb-of-nobody",
    }),
  );
  Object.assign(process.env, {
    SMTP_URL: mail.url,
    MAIL_FROM: "Parma Analytics <news@parma.example>",
    SLACK_API_URL: slack.apiUrl,
    LOCAL_SECRETS_FILE: secrets,
  });
});

afterEach(async () => {
  for (const name of ["SMTP_URL", "MAIL_FROM", "SLACK_API_URL", "LOCAL_SECRETS_FILE"])
    delete process.env[name];
  await Promise.all([mail.stop(), slack.stop(), rm(folder, { recursive: true })]);
});

test.each([email, slackChannel])(
  "$type: what throws right before handing over lets nothing out",
  async (channel) => {
    const reason = new Error("Another attempt has begun");
    const beforeHandingOver = jest.fn(async () => {
      expect([mail.raw, slack.messages()]).toEqual([[], []]);
      throw reason;
    });
    await expect(send(channel, sampleAlert(3), { ...options, beforeHandingOver })).rejects.toBe(reason);
    expect(beforeHandingOver).toHaveBeenCalledTimes(1);
    expect([mail.raw, slack.messages()]).toEqual([[], []]);
  },
);

describe("by email", () => {
  test("an alert arrives with its charts drawn and its one-click end", async () => {
    const { providerId } = await send(email, sampleAlert(3), options);
    const [received] = await mail.received();
    expect(received?.messageId).toBe(providerId);
    expect(received?.attachments.map(({ contentId }) => contentId)).toEqual([
      "<finding-0>",
      "<finding-1>",
      "<finding-2>",
    ]);
    expect(received?.headers.map(({ key }) => key)).toContain("list-unsubscribe-post");
  });

  test("a report of twelve companies arrives with all its sparklines", async () => {
    await send(email, sampleReport(12), options);
    const [received] = await mail.received();
    expect(received?.attachments).toHaveLength(36);
    expect(received?.subject).toBe("Your week: news about 12 companies, 24 Feb – 2 Mar 2025");
  });

  test("a test gives the server's own word", async () => {
    await expect(send(email, sampleTest(), options)).resolves.toMatchObject({ notes: [] });
    await expect(send({ ...email, destination: "nobody" }, sampleTest(), options)).rejects.toMatchObject({
      kind: "final",
    });
    expect(mail.raw).toHaveLength(1);
    expect(mail.raw[0]).not.toContain("List-Unsubscribe");
  });
});

describe("to Slack", () => {
  test("an alert arrives with the charts of its most severe findings", async () => {
    const { providerId } = await send(slackChannel, sampleAlert(7), options);
    const [message] = slack.messages();
    expect(providerId).toBe(`C0000000002:${message?.ts}`);
    expect(JSON.stringify(message?.blocks).match(/slack_file/g)).toHaveLength(3);
    const page = await (await fetch(slack.pageUrl)).text();
    expect(page).toContain("GitHub stars rose far more than expected");
    expect(page).toContain("data:image/png;base64,iVBOR");
  });

  test("a report arrives as one message without any upload", async () => {
    await send(slackChannel, sampleReport(12), options);
    expect(slack.messages()).toHaveLength(1);
    expect(slack.calls()).not.toContain("files.getUploadURLExternal");
  });

  test("a test gives Slack's own word", async () => {
    await expect(send(slackChannel, sampleTest(), options)).resolves.toMatchObject({ notes: [] });
    await expect(
      send(
        { ...slackChannel, secretId: "parma-analytics-notification-channel-key-2" },
        sampleTest(),
        options,
      ),
    ).rejects.toMatchObject({ kind: "final", message: expect.stringContaining("invalid_auth") });
  });

  test("a channel without a token is final", async () => {
    await expect(send({ ...slackChannel, secretId: null }, sampleTest(), options)).rejects.toMatchObject({
      kind: "final",
      message: expect.stringContaining("has no bot token"),
    });
  });
});
