import { createServer, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { type MailServer, refusal, startMailServer } from "../../../../test/channels/mailServer.ts";
import type { DeliveryError } from "../../../domain/message/deliveryError.ts";
import { automaticHeaders, type Email, messageIdOf, sendEmail } from "./sendEmail.ts";

const FROM = "Parma Analytics <news@parma.example>";
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

let cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(cleanUp.map((stop) => stop()));
  cleanUp = [];
});

async function mailServer(options: Parameters<typeof startMailServer>[0] = {}): Promise<MailServer> {
  const server = await startMailServer(options);
  cleanUp.push(server.stop);
  return server;
}

function email(changes: Partial<Email> = {}): Email {
  return {
    to: "anna@investor.example",
    subject: "Personio: stars +38%",
    html: '<p>Stars rose.</p><img src="cid:finding-0" alt="Chart">',
    text: "Stars rose.\n",
    images: new Map([["finding-0", PNG]]),
    headers: automaticHeaders("https://parma.example/unsubscribe?token=abc"),
    messageId: messageIdOf("delivery 17", FROM),
    ...changes,
  };
}

function send(url: string, changes: Partial<Email> = {}) {
  return sendEmail({ transportUrl: url, from: FROM, timeoutMs: 300 }, email(changes));
}

/** Starts a mail server that does as it should up to a step, and then as `fail` says; returns its URL. */
async function failingServer(
  at: "greeting" | "EHLO" | "MAIL" | "RCPT" | "DATA" | "text" | ".",
  fail: (socket: Socket) => void,
): Promise<string> {
  const server = createServer((socket) => {
    cleanUp.push(async () => void socket.destroy());
    socket.on("error", () => undefined);
    let isText = false;
    const step = (name: string, reply: string) => {
      if (name === at) fail(socket);
      else if (reply !== "") socket.write(`${reply}\r\n`);
    };
    step("greeting", "220 ready");
    socket.on("data", (chunk) => {
      const lines = chunk.toString("latin1");
      if (isText)
        step(lines.endsWith("\r\n.\r\n") ? "." : "text", lines.endsWith("\r\n.\r\n") ? "250 taken" : "");
      else step(lines.slice(0, 4), lines.startsWith("DATA") ? "354 go on" : "250 fine");
      isText ||= lines.startsWith("DATA");
    });
  });
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
  cleanUp.push(() => new Promise((resolve) => server.close(() => resolve())));
  return `smtp://127.0.0.1:${port}`;
}

/** What a sending fails with. */
async function failure(sending: Promise<unknown>): Promise<DeliveryError> {
  return sending.then(
    () => {
      throw new Error("The email was sent");
    },
    (error: DeliveryError) => error,
  );
}

describe("what arrives", () => {
  test("has the text, the HTML, and the chart within it", async () => {
    const server = await mailServer();
    await send(server.url);
    const [mail] = await server.received();
    expect(mail).toMatchObject({
      from: { name: "Parma Analytics", address: "news@parma.example" },
      to: [{ address: "anna@investor.example" }],
      subject: "Personio: stars +38%",
      text: expect.stringMatching(/^Stars rose\.\n+$/),
    });
    expect(mail?.html).toContain("cid:finding-0");
    const [chart] = mail?.attachments ?? [];
    expect(chart).toMatchObject({
      mimeType: "image/png",
      disposition: "inline",
      contentId: "<finding-0>",
      related: true,
    });
    expect(Buffer.from(chart?.content instanceof ArrayBuffer ? chart.content : new ArrayBuffer(0))).toEqual(
      PNG,
    );
  });

  test("says that a machine sent it, and how to end it with one click", async () => {
    const server = await mailServer();
    await send(server.url);
    const headers = new Map((await server.received())[0]?.headers.map(({ key, value }) => [key, value]));
    expect(headers.get("auto-submitted")).toBe("auto-generated");
    expect(headers.get("precedence")).toBe("bulk");
    expect(headers.get("list-unsubscribe")).toBe("<https://parma.example/unsubscribe?token=abc>");
    expect(headers.get("list-unsubscribe-post")).toBe("List-Unsubscribe=One-Click");
  });

  test("has the Message-ID of its delivery", async () => {
    const server = await mailServer();
    const sent = [await send(server.url), await send(server.url)];
    const received = (await server.received()).map(({ messageId }) => messageId);
    expect(new Set([...sent, ...received])).toEqual(new Set([messageIdOf("delivery 17", FROM)]));
    expect(messageIdOf("delivery 18", FROM)).not.toBe(messageIdOf("delivery 17", FROM));
    expect(messageIdOf("delivery 17", FROM)).toMatch(/^<[0-9a-f]{32}@parma\.example>$/);
  });

  test("survives the way in every script", async () => {
    const server = await mailServer();
    await send(server.url, {
      subject: "日本電気 👩‍👩‍👧‍👦 Ñandú ".repeat(6),
      text: "Größe: 3 µm\n",
      html: "<p>日本電気 µ</p>",
    });
    const [mail] = await server.received();
    expect(mail?.subject).toBe("日本電気 👩‍👩‍👧‍👦 Ñandú ".repeat(6).trim());
    expect(mail?.text).toContain("Größe: 3 µm");
    expect(mail?.html).toContain("日本電気 µ");
  });

  test("has no header that its subject smuggled in", async () => {
    const server = await mailServer();
    await send(server.url, { subject: "News\r\nBcc: everyone@example.com\r\n\r\n<h1>Hi</h1>" });
    const [mail] = await server.received();
    expect(mail?.subject).toBe("News Bcc: everyone@example.com <h1>Hi</h1>");
    expect(mail?.headers.map(({ key }) => key)).not.toContain("bcc");
  });

  test("keeps a long link in its header whole", async () => {
    const server = await mailServer();
    const href = `https://parma.example/unsubscribe?token=${"a1b2".repeat(100)}`;
    await send(server.url, { headers: automaticHeaders(href) });
    const headers = new Map((await server.received())[0]?.headers.map(({ key, value }) => [key, value]));
    expect(headers.get("list-unsubscribe")).toBe(`<${href}>`);
  });
});

describe("what does not arrive", () => {
  test.each([
    "not an address",
    "anna@investor.example, bob@investor.example",
    "anna@investor.example\r\nBcc: everyone@example.com",
    "<anna@investor.example>",
    "",
  ])("to %p nothing is sent, and that is final", async (to) => {
    const server = await mailServer();
    expect(await failure(send(server.url, { to }))).toMatchObject({
      kind: "final",
      message: expect.stringContaining("is not an email address"),
    });
    expect(server.raw).toEqual([]);
  });

  test("a refused recipient is final, with the server's words", async () => {
    const { url } = await mailServer({
      onRcptTo: (_address, _session, done) => done(refusal(550, "5.1.1 No such user here")),
    });
    expect(await failure(send(url))).toMatchObject({
      kind: "final",
      message:
        "The mail server refused the email to anna@investor.example (550 5.1.1 No such user here). Check the address in the settings.",
    });
  });

  test("a refused text is final", async () => {
    const { url } = await mailServer({
      onData: (stream, _session, done) =>
        stream.resume().on("end", () => done(refusal(554, "5.7.1 Looks like spam"))),
    });
    expect(await failure(send(url))).toMatchObject({ kind: "final" });
  });

  test.each([
    [421, "4.3.2 Shutting down"],
    [450, "4.2.0 Greylisted, try again"],
    [452, "4.2.2 Mailbox full"],
  ])("%d may pass", async (code, words) => {
    const { url } = await mailServer({ onRcptTo: (_address, _session, done) => done(refusal(code, words)) });
    expect(await failure(send(url))).toMatchObject({
      kind: "passing",
      message: expect.stringContaining(words),
    });
  });

  test("a refused login is final, and for an operator", async () => {
    const { port } = await mailServer({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: (_auth, _session, done) => done(refusal(535, "5.7.8 Bad credentials")),
    });
    const error = await failure(send(`smtp://user:wrong-password@127.0.0.1:${port}`));
    expect(error).toMatchObject({
      kind: "final",
      message: expect.stringContaining("An operator must check SMTP_URL"),
    });
    expect(error.message).not.toContain("wrong-password");
  });

  test("a server that takes the connection and says nothing is given up, and may answer later", async () => {
    const url = await failingServer("greeting", () => undefined);
    expect(await failure(send(url))).toMatchObject({
      kind: "passing",
      message: expect.stringContaining("did not answer in time"),
    });
  });

  const steps = [
    ["greeting", "passing"],
    ["EHLO", "passing"],
    ["MAIL", "passing"],
    ["RCPT", "passing"],
    ["DATA", "passing"],
    ["text", "passing"],
    [".", "unclear"],
  ] as const;

  test.each(steps)("a connection that breaks at the %s leaves it %s", async (step, kind) => {
    const url = await failingServer(step, (socket) => socket.destroy());
    // More of it than fits into what is under way at a time.
    const chart = step === "text" ? Buffer.alloc(8_000_000) : PNG;
    expect(await failure(send(url, { images: new Map([["finding-0", chart]]) }))).toMatchObject({ kind });
  });

  test.each([
    ["RCPT", "passing"],
    ["DATA", "passing"],
    [".", "unclear"],
  ] as const)("a silence at the %s leaves it %s", async (step, kind) => {
    const url = await failingServer(step, () => undefined);
    expect(await failure(send(url))).toMatchObject({ kind });
  });

  test("a refusal after the text is certain", async () => {
    const url = await failingServer(".", (socket) => socket.write("451 4.3.0 Try later\r\n"));
    expect(await failure(send(url))).toMatchObject({ kind: "passing" });
  });

  test("an answer after the text that is none is unclear", async () => {
    const url = await failingServer(".", (socket) => socket.write("354 Go on\r\n"));
    expect(await failure(send(url))).toMatchObject({
      kind: "unclear",
      message: expect.stringContaining("It may have, so the email is not sent again."),
    });
  });

  test("no server at all may pass", async () => {
    const server = await startMailServer();
    await server.stop();
    expect(await failure(send(server.url))).toMatchObject({
      kind: "passing",
      message: expect.stringContaining("could not be reached"),
    });
  });
});
