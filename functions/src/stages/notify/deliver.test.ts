import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { type MailServer, refusal, startMailServer } from "../../../test/channels/mailServer.ts";
import { emptyTables } from "../../../test/emptyTables.ts";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";
import { type SlackStandIn, STAND_IN_TOKEN, startSlackStandIn } from "../../../test/standins/slack.ts";
import {
  companyWithSeries,
  deliveriesIn,
  follow,
  insertChannel,
  insertFinding,
  insertPoints,
  insertUser,
  setLinkSettings,
  type TestSeries,
} from "../../../test/subscribers.ts";
import { send } from "../../adapters/channels/channels.ts";
import { attemptDelivery, NotSentYetError, type SendContext } from "../../domain/message/attemptDelivery.ts";
import type { DueDelivery } from "../../domain/message/claimDelivery.ts";
import { openDeliveries } from "../../domain/message/openDeliveries.ts";
import { composeAlert } from "./composeAlert.ts";
import { deliveryHistory } from "./deliveryHistory.ts";
import { companiesNamed, previewDeliveries } from "./previewDeliveries.ts";
import { sendTestMessage } from "./sendTestMessage.ts";

const START = new Date("2025-03-03T08:00:00Z");
const db = openTestDatabase();

let mail: MailServer;
let slack: SlackStandIn;
let folder: string;
let unset: () => void;
let refuseMail: Error | undefined;
/** Whether the mail server answers, once it has taken an email. */
let isMailSilent: boolean;
/** Short where a test waits for it. */
let timeoutMs: number | undefined;
beforeAll(async () => {
  unset = setLinkSettings();
  folder = await mkdtemp(join(tmpdir(), "parma-deliver-"));
  const secrets = join(folder, "secrets.json");
  await writeFile(
    secrets,
    JSON.stringify({
      "parma-analytics-notification-channel-key-good": STAND_IN_TOKEN,
      "parma-analytics-notification-channel-key-revoked": "xoxb-revoked",
    }),
  );
  Object.assign(process.env, { MAIL_FROM: "Parma <news@parma.example>", LOCAL_SECRETS_FILE: secrets });
});
afterAll(async () => {
  unset();
  for (const name of ["SMTP_URL", "MAIL_FROM", "SLACK_API_URL", "LOCAL_SECRETS_FILE"])
    delete process.env[name];
  await rm(folder, { recursive: true });
});

let now: Date;
let series: TestSeries;
let user: number;
beforeEach(async () => {
  refuseMail = undefined;
  isMailSilent = false;
  timeoutMs = undefined;
  mail = await startMailServer({
    onRcptTo: (_address, _session, done) => done(refuseMail),
    isSilent: () => isMailSilent,
  });
  slack = await startSlackStandIn({ revokedTokens: ["xoxb-revoked"] });
  Object.assign(process.env, { SMTP_URL: mail.url, SLACK_API_URL: slack.apiUrl });
  now = START;
  await emptyTables(db, { restartsIds: true });
  series = await companyWithSeries(db, 'Personio "<b>');
  user = await insertUser(db);
  await follow(db, user, series.companyId);
});
afterEach(() => Promise.all([mail.stop(), slack.stop()]));

const context: SendContext = {
  db,
  send: (channel, message, options) => send(channel, message, { ...options, timeoutMs }),
  clock: () => now,
};
const open = (findingIds: number[]) =>
  openDeliveries(db, { companyId: series.companyId, findingIds, now }, 0);
const deliver = (id: number) =>
  attemptDelivery(context, id, (delivery, at) => composeAlert(db, delivery, at));
const slackRow = {
  type: "SLACK",
  destination: "#portfolio-news",
  secretId: "parma-analytics-notification-channel-key-good",
} as const;
const later = (seconds: number) => {
  now = new Date(now.getTime() + seconds * 1000);
};

describe("an alert by email", () => {
  test("has its findings, the most severe first, with why, chart and the ways to silence it", async () => {
    await insertChannel(db, user);
    await insertPoints(db, series, [
      ["2025-03-01", 140],
      ["2025-03-02", 141],
      ["2025-03-03", 412],
    ]);
    const ids = [
      await insertFinding(db, series, { severity: "low", title: "Small thing" }),
      await insertFinding(db, series, { severity: "critical", title: "Great thing" }),
      await insertFinding(db, series, { severity: "medium", title: "Thing between" }),
    ];
    await open(ids);
    await deliver(1);
    const [received] = await mail.received();
    expect(received?.subject).toBe('Personio "<b>: Great thing, +186% (and 2 more)');
    const text = received?.text ?? "";
    expect(text).toMatch(/Great thing.*Thing between.*Small thing/s);
    expect(text).toContain("Why you get this: 412 against an expected 120 to 160.");
    expect(text).toContain("https://parma.example/companies/1");
    expect(text).toContain("https://functions.parma.example/unsubscribe?token=");
    // All three are of one series, which one chart shows.
    expect(received?.attachments).toHaveLength(1);
    const unsubscribe = received?.headers.find(({ key }) => key === "list-unsubscribe")?.value;
    expect(unsubscribe).toMatch(/^<https:\/\/functions\.parma\.example\/unsubscribe\?token=[\w.-]+>$/);
    expect(await deliveriesIn(db)).toMatchObject([{ state: "SENT", provider_id: received?.messageId }]);
  });

  test("to a server that says 421 arrives once, later", async () => {
    await insertChannel(db, user);
    refuseMail = refusal(421, "4.3.2 busy");
    await open([await insertFinding(db, series)]);
    await expect(deliver(1)).rejects.toThrow(NotSentYetError);
    expect(await deliveriesIn(db)).toMatchObject([
      { state: "PENDING", error: expect.stringContaining("busy") },
    ]);
    refuseMail = undefined;
    later(30);
    await deliver(1);
    expect(mail.raw).toHaveLength(1);
    expect(await deliveriesIn(db)).toMatchObject([{ state: "SENT", attempt: 2 }]);
  });

  test("to a server that hangs before it has it arrives once, later", async () => {
    await insertChannel(db, user);
    const hanging = createServer();
    const sockets: Socket[] = [];
    hanging.on("connection", (socket) => sockets.push(socket)).listen(0, "127.0.0.1");
    await once(hanging, "listening");
    process.env["SMTP_URL"] = `smtp://127.0.0.1:${z.object({ port: z.int() }).parse(hanging.address()).port}`;
    timeoutMs = 500;
    await open([await insertFinding(db, series)]);
    await expect(deliver(1)).rejects.toThrow("did not answer in time");
    expect(await deliveriesIn(db)).toMatchObject([{ state: "PENDING", attempt: 1 }]);
    for (const socket of sockets) socket.destroy();
    hanging.close();

    process.env["SMTP_URL"] = mail.url;
    later(30);
    await deliver(1);
    expect(mail.raw).toHaveLength(1);
    expect(await deliveriesIn(db)).toMatchObject([{ state: "SENT", attempt: 2, error: null }]);
  });

  test("to a server that hangs once it has it is not sent again", async () => {
    await insertChannel(db, user);
    isMailSilent = true;
    timeoutMs = 1_000;
    await open([await insertFinding(db, series)]);
    await deliver(1);
    isMailSilent = false;
    later(3_600);
    await deliver(1);
    expect(mail.raw).toHaveLength(1);
    expect(await deliveriesIn(db)).toMatchObject([
      {
        state: "UNKNOWN",
        attempt: 1,
        error: expect.stringContaining("It may have, so the email is not sent again"),
      },
    ]);
  });

  test("to an address that the server refuses ends, and the channel shows why", async () => {
    await insertChannel(db, user);
    refuseMail = refusal(550, "no such mailbox");
    await open([await insertFinding(db, series)]);
    await deliver(1);
    const [only] = await previewDeliveries(db, series.companyId, now);
    expect(only).toMatchObject({
      gets: "alerts and weekly reports",
      lastError: expect.stringContaining("no such mailbox"),
    });
    expect(await deliveriesIn(db)).toMatchObject([{ state: "FAILED" }]);
  });
});

describe("an alert in Slack", () => {
  test("that Slack is too busy for arrives once, when Slack said", async () => {
    await insertChannel(db, user, slackRow);
    slack.trouble("chat.postMessage", { kind: "rate limit", retryAfterSeconds: 45 });
    await open([await insertFinding(db, series)]);
    await expect(deliver(1)).rejects.toThrow(NotSentYetError);
    expect(await deliveriesIn(db)).toMatchObject([
      { state: "PENDING", send_after: new Date(START.getTime() + 45_000) },
    ]);
    later(44);
    await expect(deliver(1)).rejects.toThrow("not due yet");
    later(1);
    await deliver(1);
    await deliver(1);
    expect(slack.messages()).toHaveLength(1);
    expect(await deliveriesIn(db)).toMatchObject([{ state: "SENT", attempt: 2 }]);
  });

  test.each([
    ["a 500 for a message that is not in the channel", { kind: "status", status: 500 }],
    ["Slack's own trouble", { kind: "error", error: "internal_error" }],
  ] as const)("after %s arrives once", async (_what, trouble) => {
    await insertChannel(db, user, slackRow);
    slack.trouble("chat.postMessage", trouble);
    await open([await insertFinding(db, series)]);
    await expect(deliver(1)).rejects.toThrow(NotSentYetError);
    expect(await deliveriesIn(db)).toMatchObject([{ state: "PENDING", attempt: 1 }]);
    later(30);
    await deliver(1);
    expect(slack.messages()).toHaveLength(1);
    expect(await deliveriesIn(db)).toMatchObject([{ state: "SENT", attempt: 2, error: null }]);
  });

  test("that is tried again uploads its charts once", async () => {
    await insertChannel(db, user, slackRow);
    await insertPoints(db, series, [
      ["2025-03-01", 140],
      ["2025-03-02", 141],
      ["2025-03-03", 412],
    ]);
    slack.trouble("chat.postMessage", { kind: "rate limit", retryAfterSeconds: 45 });
    await open([await insertFinding(db, series)]);
    await expect(deliver(1)).rejects.toThrow(NotSentYetError);
    later(45);
    await deliver(1);
    const [message] = slack.messages();
    expect(JSON.stringify(message?.blocks).match(/slack_file/g)).toHaveLength(1);
    expect(slack.calls().filter((call) => call === "files.getUploadURLExternal")).toHaveLength(1);
  });

  test("that Slack hangs over before it is given arrives once", async () => {
    await insertChannel(db, user, { ...slackRow, destination: "#deals" });
    slack.trouble("conversations.list", { kind: "hang" });
    timeoutMs = 500;
    await open([await insertFinding(db, series)]);
    await expect(deliver(1)).rejects.toThrow("did not answer in time");
    later(30);
    await deliver(1);
    expect(slack.messages()).toHaveLength(1);
    expect(await deliveriesIn(db)).toMatchObject([{ state: "SENT", attempt: 2 }]);
  });

  test.each([
    ["hangs after it", { kind: "hang", isWorkDone: true }],
    ["says 500 after it", { kind: "status", status: 500, isWorkDone: true }],
  ] as const)(
    "that Slack posts and %s counts as sent where the channel can be read",
    async (_what, trouble) => {
      await insertChannel(db, user, slackRow);
      if (trouble.kind === "hang") timeoutMs = 1_000;
      slack.trouble("chat.postMessage", trouble);
      await open([await insertFinding(db, series)]);
      await deliver(1);
      await deliver(1);
      expect(slack.messages()).toHaveLength(1);
      const provider_id = `C0000000002:${slack.messages()[0]?.ts}`;
      expect(await deliveriesIn(db)).toMatchObject([{ state: "SENT", attempt: 1, provider_id }]);
    },
  );

  test.each([
    ["hangs over", { kind: "hang", isWorkDone: true }, "did not answer in time"],
    ["says 500 to", { kind: "status", status: 500, isWorkDone: true }, "answered 500"],
  ] as const)("that Slack %s is not sent again where nobody can tell", async (_what, trouble, words) => {
    await insertChannel(db, user, slackRow);
    if (trouble.kind === "hang") timeoutMs = 1_000;
    slack.trouble("chat.postMessage", trouble);
    slack.trouble("conversations.history", { kind: "error", error: "missing_scope" });
    await open([await insertFinding(db, series)]);
    await deliver(1);
    later(3_600);
    await deliver(1);
    expect(slack.messages()).toHaveLength(1);
    expect(await deliveriesIn(db)).toMatchObject([
      { state: "UNKNOWN", attempt: 1, error: expect.stringContaining(words) },
    ]);
  });

  test("with a revoked token fails at once, and does not stop the other channel", async () => {
    await insertChannel(db, user, {
      ...slackRow,
      secretId: "parma-analytics-notification-channel-key-revoked",
    });
    await insertChannel(db, user);
    const tasks = await open([await insertFinding(db, series)]);
    expect(tasks).toHaveLength(2);
    await deliver(1);
    await deliver(2);
    expect(await deliveriesIn(db)).toMatchObject([
      { state: "FAILED", error: expect.stringContaining("token_revoked") },
      { state: "SENT" },
    ]);
    expect(await mail.received()).toHaveLength(1);
  });
});

test("a finding that was removed while it waited is not told; with nothing left, nothing is sent", async () => {
  await insertChannel(db, user);
  await open([await insertFinding(db, series, { title: "Kept" }), await insertFinding(db, series)]);
  await db.query("delete from news where title <> 'Kept'");
  await deliver(1);
  expect((await mail.received())[0]?.subject).toContain("Kept");
  await open([await insertFinding(db, series)]);
  await db.query("delete from news");
  await deliver(2);
  expect(await deliveriesIn(db)).toMatchObject([{ state: "SENT" }, { state: "SUPPRESSED" }]);
});

test("a chart ends at the point that it is about, whatever came since", async () => {
  const channel = await insertChannel(db, user);
  await insertPoints(db, series, [
    ["2025-02-01", 140],
    ["2025-02-02", 412],
    ["2025-03-01", 150],
  ]);
  await open([await insertFinding(db, series, { observedAt: "2025-02-02T00:00:00Z" })]);
  const delivery: DueDelivery = {
    id: 1,
    kind: "ALERT",
    userId: user,
    companyId: series.companyId,
    noticeId: null,
    channelId: channel,
    channel: { type: "EMAIL", destination: "anna@investor.example", secretId: null },
    attempt: 1,
    correlation: null,
    waits: 0,
    turnAt: null,
    createdAt: START,
    uploads: {},
  };
  const alert = await composeAlert(db, delivery, now);
  expect(alert?.findings[0]?.series?.points.map(({ value }) => value)).toEqual([140, 412]);
});

test("a finding whose facts cannot be read is told without them", async () => {
  await insertChannel(db, user);
  await open([await insertFinding(db, series, { facts: { why: 7, expected: "none" } })]);
  await deliver(1);
  expect((await mail.received())[0]?.text).toContain("A rule or a detector found it.");
});

describe("a test message", () => {
  test("arrives, and says what the provider calls it", async () => {
    const channel = await insertChannel(db, user, slackRow);
    expect(await sendTestMessage(context, { channelId: channel })).toMatchObject({
      state: "SENT",
      providerId: expect.stringContaining("C0000000002:"),
      error: null,
    });
  });

  test("that fails, for good or for now, says so at once", async () => {
    const channel = await insertChannel(db, user, { ...slackRow, destination: "#nowhere" });
    expect(await sendTestMessage(context, { channelId: channel })).toMatchObject({
      state: "FAILED",
      error: expect.stringContaining("channel_not_found"),
    });
    const email = await insertChannel(db, user);
    refuseMail = refusal(451, "greylisted");
    expect(await sendTestMessage(context, { channelId: email })).toMatchObject({
      state: "FAILED",
      error: expect.stringContaining("greylisted"),
    });
    expect(await sendTestMessage(context, { channelId: 999 })).toBeUndefined();
  });
});

test("the history has what was sent where, with its result", async () => {
  await insertChannel(db, user);
  await insertChannel(db, user, {
    ...slackRow,
    secretId: "parma-analytics-notification-channel-key-revoked",
  });
  await open([await insertFinding(db, series, { title: "A thing" })]);
  await deliver(1);
  await deliver(2);
  const about = await deliveryHistory(db, { companyId: series.companyId, limit: 10 });
  expect(about).toMatchObject([
    { state: "FAILED", channel: "SLACK", destination: "#portfolio-news", titles: ["A thing"] },
    { state: "SENT", channel: "EMAIL", user: "Anna", company: 'Personio "<b>', titles: ["A thing"] },
  ]);
  expect(await deliveryHistory(db, { userId: user + 1, limit: 10 })).toEqual([]);
});

test("the preview tells who gets nothing, and why", async () => {
  const [paused, open] = [await insertChannel(db, user), await insertChannel(db, user)];
  const address = { destination: "anna@investor.example" };
  const twice = [await insertChannel(db, user, address), await insertChannel(db, user, address)];
  const ben = await insertUser(db, "Ben");
  const muted = await insertChannel(db, ben);
  await follow(db, ben, series.companyId);
  await db.query("insert into pipeline.channel_pause values ($1, null, now())", [paused]);
  await db.query("insert into pipeline.mute values ($1, $2, null, now())", [ben, series.companyId]);
  const [company] = await companiesNamed(db, 'PERSONIO "<B>');
  const preview = await previewDeliveries(db, company?.id ?? 0, now);
  expect(preview.map(({ channelId, gets }) => [channelId, gets])).toEqual([
    [paused, "nothing: the channel is paused"],
    [open, "alerts and weekly reports"],
    [twice[0], "nothing: a newer channel of the user has the same address"],
    [twice[1], "alerts and weekly reports"],
    [muted, "weekly reports only: the user muted the company"],
  ]);
});
