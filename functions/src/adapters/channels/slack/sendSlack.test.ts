import { createServer } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { SENT_AT, sampleAlert } from "../../../../test/channels/sampleMessages.ts";
import { type SlackOptions, type SlackStandIn, startSlackStandIn } from "../../../../test/standins/slack.ts";
import type { DeliveryError } from "../../../domain/message/deliveryError.ts";
import { sendSlack } from "./sendSlack.ts";

const PNG = Buffer.from("a picture");
const charts = new Map([
  ["finding-0", PNG],
  ["finding-1", PNG],
]);

let slack: SlackStandIn;
let token: string;
let tests = 0;

async function start(options: SlackOptions = {}): Promise<void> {
  // A token of its own for each test: what is remembered of channels is remembered per token.
  token = `xoxb-test-${++tests}`;
  slack = await startSlackStandIn({ tokens: [token], revokedTokens: ["xoxb-revoked"], ...options });
  process.env["SLACK_API_URL"] = slack.apiUrl;
}

beforeEach(() => start());
afterEach(async () => {
  await slack.stop();
  delete process.env["SLACK_API_URL"];
});

async function restart(options: SlackOptions): Promise<void> {
  await slack.stop();
  await start(options);
}

type Delivery = Parameters<typeof sendSlack>[1];

function send(changes: Partial<Delivery> = {}, findings = 2) {
  const beforeHandingOver = async () => undefined;
  const delivery = { token, destination: "portfolio-news", deliveryId: "17", now: SENT_AT, charts };
  return sendSlack(sampleAlert(findings), { ...delivery, beforeHandingOver, ...changes });
}

async function failure(changes: Partial<Delivery> = {}): Promise<DeliveryError> {
  return send(changes).then(
    () => {
      throw new Error("The message was sent");
    },
    (error: DeliveryError) => error,
  );
}

function imagesOf(message: number): unknown[] {
  return (slack.messages()[message]?.blocks ?? []).filter((block) =>
    JSON.stringify(block).includes("slack_file"),
  );
}

describe("posting", () => {
  test("puts the message with its charts into the channel, marked with the delivery", async () => {
    const sent = await send();
    expect(sent).toEqual({ channel: "C0000000002", ts: slack.messages()[0]?.ts, notes: [] });
    expect(slack.messages()).toMatchObject([
      {
        channel: "C0000000002",
        text: "Personio: GitHub stars rose far more than expected, +186% (and 1 more)",
        metadata: { event_type: "parma_delivery", event_payload: { delivery_id: "17" } },
      },
    ]);
    expect(imagesOf(0)).toHaveLength(2);
  });

  test("waits for Slack to have worked on the files", async () => {
    await restart({ postsUntilFilesAreReady: 1 });
    await send();
    expect(slack.calls().filter((call) => call === "chat.postMessage")).toHaveLength(2);
    expect(slack.messages()).toHaveLength(1);
    expect(imagesOf(0)).toHaveLength(2);
  });

  test("does without the charts where Slack does not get ready", async () => {
    await restart({ postsUntilFilesAreReady: 99 });
    await send();
    expect(slack.messages()).toHaveLength(1);
    expect(imagesOf(0)).toEqual([]);
  });

  test("does without the charts where the app may not upload, and says so", async () => {
    await restart({ scopes: ["channels:read", "groups:read", "chat:write"] });
    expect(await send()).toMatchObject({
      notes: ["The message goes without charts: the Slack app lacks the scope files:write."],
    });
    expect(imagesOf(0)).toEqual([]);
  });

  test("does without the chart that failed", async () => {
    slack.trouble("files.getUploadURLExternal", { kind: "status", status: 500 });
    const { notes } = await send();
    expect(notes).toHaveLength(1);
    expect(imagesOf(0)).toHaveLength(1);
  });
});

describe("finding the channel", () => {
  const channels = Array.from({ length: 25 }, (_, i) => ({
    id: `C00000001${String(i).padStart(2, "0")}`,
    name: `channel-${i}`,
    isMember: true,
  }));

  test.each([
    ["#portfolio-news", "C0000000002"],
    [" Portfolio-News ", "C0000000002"],
    ["deals", "C0000000003"],
    ["C0000000001", "C0000000001"],
  ])("%p is %s", async (destination, channel) => {
    expect(await send({ destination })).toMatchObject({ channel });
  });

  test("reads page after page, and remembers", async () => {
    await restart({ channels, pageSize: 10 });
    await send({ destination: "channel-24" });
    await send({ destination: "#channel-24" });
    expect(slack.calls().filter((call) => call === "conversations.list")).toHaveLength(3);
  });

  test("does not remember for long", async () => {
    await send();
    await send({ now: new Date(SENT_AT.getTime() + 3_600_000) });
    expect(slack.calls().filter((call) => call === "conversations.list")).toHaveLength(2);
  });

  test("looks again where the remembered channel is gone", async () => {
    const moved = [{ id: "C0000000009", name: "portfolio-news", isMember: true }];
    await send();
    const sameToken = token;
    await restart({ channels: moved });
    await slack.stop();
    token = sameToken;
    slack = await startSlackStandIn({ tokens: [token], channels: moved });
    process.env["SLACK_API_URL"] = slack.apiUrl;
    expect(await send()).toMatchObject({ channel: "C0000000009" });
  });

  test("does without private channels where the app may not see them", async () => {
    await restart({ scopes: ["channels:read", "chat:write"] });
    expect(await send()).toMatchObject({ channel: "C0000000002" });
  });

  test("posts by the name where the app may list none", async () => {
    await restart({ scopes: ["chat:write"] });
    expect(await send({ destination: "portfolio-news" })).toMatchObject({ channel: "C0000000002" });
  });
});

describe("what fails for good tells the user what to do", () => {
  test.each([
    ["nowhere", 'The bot sees no Slack channel "nowhere"'],
    ["", "The bot sees no Slack channel"],
    ["C0000000099", "Check its name in the settings"],
    ["C0000000004", "is archived. Choose another one"],
    ["not-invited", "Invite it there (/invite)"],
  ])("the channel %p", async (destination, words) => {
    expect(await failure({ destination })).toMatchObject({
      kind: "final",
      message: expect.stringContaining(words),
    });
    expect(slack.messages()).toEqual([]);
  });

  test.each([
    ["xoxb-revoked", "token_revoked"],
    ["xoxb-unknown", "invalid_auth"],
  ])("the token %p", async (bad, code) => {
    const error = await failure({ token: bad });
    expect(error).toMatchObject({ kind: "final", message: expect.stringContaining(code) });
    expect(error.message).toContain("Enter a valid one in the settings");
    expect(error.message).not.toContain("xoxb");
  });

  test("a missing scope", async () => {
    await restart({ scopes: ["channels:read", "groups:read"] });
    expect(await failure()).toMatchObject({
      kind: "final",
      message: expect.stringContaining("needs chat:write"),
    });
  });

  test("an error that nobody knew", async () => {
    slack.trouble("chat.postMessage", { kind: "error", error: "message_limit_exceeded" });
    expect(await failure()).toMatchObject({
      kind: "final",
      message: expect.stringContaining("message_limit_exceeded"),
    });
  });

  test("an address where there is no Slack", async () => {
    slack.trouble("conversations.list", { kind: "status", status: 404 });
    expect(await failure()).toMatchObject({
      kind: "final",
      message: expect.stringContaining("SLACK_API_URL"),
    });
  });
});

describe("what may pass is tried once here, and says when to try again", () => {
  test.each(["conversations.list", "chat.postMessage"])("429 of %s", async (method) => {
    slack.trouble(method, { kind: "rate limit", retryAfterSeconds: 30 });
    expect(await failure()).toMatchObject({ kind: "passing", retryAfterSeconds: 30 });
    expect(slack.calls().filter((call) => call === method)).toHaveLength(1);
    expect(slack.messages()).toEqual([]);
  });

  test.each([408, 500, 502, 503])("%d while the channel is looked up", async (status) => {
    slack.trouble("conversations.list", { kind: "status", status });
    expect(await failure()).toMatchObject({ kind: "passing", message: `Slack answered ${status}.` });
  });

  test("a page in place of the channels", async () => {
    slack.trouble("conversations.list", { kind: "status", status: 200, body: "<html>Maintenance</html>" });
    expect(await failure()).toMatchObject({ kind: "passing" });
  });

  test("a refusal of Slack's in its own trouble", async () => {
    slack.trouble("chat.postMessage", { kind: "error", error: "service_unavailable" });
    expect(await failure()).toMatchObject({ kind: "passing" });
    expect(slack.calls()).not.toContain("conversations.history");
  });

  test("no answer", async () => {
    slack.trouble("conversations.list", { kind: "hang" });
    expect(await failure({ timeoutMs: 200 })).toMatchObject({
      kind: "passing",
      message: "Slack did not answer in time.",
    });
  });

  test.each(["portfolio-news", "C0000000002"])("no Slack for %s", async (destination) => {
    await slack.stop();
    expect(await failure({ destination })).toMatchObject({
      kind: "passing",
      message: expect.stringContaining("could not be reached"),
    });
  });
});

describe("where Slack does not say whether it posted", () => {
  const blind = ["channels:read", "groups:read", "chat:write", "files:write"];
  const post = (changes: Partial<Delivery> = {}) =>
    send({ charts: new Map(), ...changes }).catch(({ kind }: DeliveryError) => kind);
  // A hanging one is waited for; nobody waits long in a test.
  const patience = ({ kind }: { kind: string }) => ({ timeoutMs: kind === "hang" ? 500 : undefined });

  const halfway = [
    { kind: "status", status: 500 },
    { kind: "error", error: "internal_error" },
    { kind: "error", error: "fatal_error" },
  ] as const;
  const open = [
    { kind: "hang" },
    { kind: "status", status: 502 },
    { kind: "status", status: 503 },
    { kind: "status", status: 504 },
    { kind: "status", status: 200, body: "<html>Maintenance</html>" },
  ] as const;

  test.each([...halfway, ...open])("and did (%o), the channel tells", async (trouble) => {
    slack.trouble("chat.postMessage", { ...trouble, isWorkDone: true });
    expect(await post(patience(trouble))).toMatchObject({
      channel: "C0000000002",
      ts: slack.messages()[0]?.ts,
    });
    expect(slack.messages()).toHaveLength(1);
  });

  test.each(halfway)("and did not (%o), the channel tells, and the call is over", async (trouble) => {
    slack.trouble("chat.postMessage", trouble);
    expect(await post()).toBe("passing");
  });

  test.each(open)("and may still do so (%o), that it is not there yet tells nothing", async (trouble) => {
    slack.trouble("chat.postMessage", trouble);
    expect(await post(patience(trouble))).toBe("unclear");
  });

  test.each([...halfway, ...open])("and the channel cannot be read (%o), nobody knows", async (trouble) => {
    await restart({ scopes: blind });
    slack.trouble("chat.postMessage", { ...trouble, isWorkDone: true });
    expect(await post(patience(trouble))).toBe("unclear");
  });

  test("and does not let us read the channel just then, nobody knows", async () => {
    slack.trouble("chat.postMessage", { kind: "status", status: 500 });
    slack.trouble("conversations.history", { kind: "status", status: 500 });
    expect(await post()).toBe("unclear");
  });

  test("and another delivery's message is there, that is not it", async () => {
    await send({ deliveryId: "18" });
    slack.trouble("chat.postMessage", { kind: "status", status: 500 });
    expect(await post()).toBe("passing");
  });

  test("because the connection breaks, before its answer or within it, nobody knows", async () => {
    await restart({ onCall: (method) => void (method === "chat.postMessage" && slack.stop()) });
    expect(await failure({ charts: new Map() })).toMatchObject({
      kind: "unclear",
      message: expect.stringMatching(/could not be reached.*It may have posted the message all the same/),
    });
    const server = createServer((_request, response) => {
      response.writeHead(200, { "content-length": "100" }).write('{"ok":');
      response.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    process.env["SLACK_API_URL"] = `http://127.0.0.1:${port}/api/`;
    const outcome = await post({ destination: "C0000000002" });
    await new Promise((resolve) => server.close(resolve));
    expect(outcome).toBe("unclear");
  });
});
