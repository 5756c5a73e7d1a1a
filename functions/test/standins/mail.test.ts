import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { z } from "zod";
import { sendEmail } from "../../src/adapters/channels/email/sendEmail.ts";

// In a process of its own: MailDev is a package for import alone, which jest's require cannot load.
const PROGRAM = `
import { startMailCatcher } from ${JSON.stringify(new URL("./mail.ts", import.meta.url).href)};
const catcher = await startMailCatcher();
console.log(JSON.stringify({ smtpUrl: catcher.smtpUrl, inboxUrl: catcher.inboxUrl }));
process.stdin.once("data", async () => {
  console.log(JSON.stringify(await catcher.messages()));
  await catcher.stop();
  process.stdin.destroy();
});`;

const catcher = spawn(process.execPath, ["--input-type=module", "--eval", PROGRAM], {
  stdio: ["pipe", "pipe", "inherit"],
});
const lines = createInterface({ input: catcher.stdout })[Symbol.asyncIterator]();
let urls: { smtpUrl: string; inboxUrl: string };

async function nextLine(): Promise<unknown> {
  const { value } = await lines.next();
  return JSON.parse(z.string().parse(value));
}

beforeAll(async () => {
  urls = z.object({ smtpUrl: z.url(), inboxUrl: z.url() }).parse(await nextLine());
}, 30_000);

afterAll(() => {
  catcher.kill();
});

test("what is sent waits in the inbox, with a page to read it", async () => {
  await sendEmail(
    { transportUrl: urls.smtpUrl, from: "Parma <news@parma.example>" },
    {
      to: "anna@investor.example",
      subject: "Hello",
      html: '<p>Hello</p><img src="cid:chart" alt="">',
      text: "Hello",
      images: new Map([["chart", Buffer.from("png")]]),
      headers: {},
      messageId: "<17@parma.example>",
    },
  );
  const page = await fetch(urls.inboxUrl, { headers: { accept: "text/html" } });
  expect([page.status, page.headers.get("content-type")]).toEqual([
    200,
    expect.stringContaining("text/html"),
  ]);

  const stopped = new Promise((resolve) => catcher.once("exit", resolve));
  catcher.stdin.write("messages\n");
  expect(await nextLine()).toMatchObject([
    {
      from: ["news@parma.example"],
      to: ["anna@investor.example"],
      subject: "Hello",
      headers: { "message-id": "<17@parma.example>" },
      attachments: [{ contentType: "image/png" }],
    },
  ]);
  expect(await stopped).toBe(0);
}, 30_000);
