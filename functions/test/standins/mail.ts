import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MailDev } from "maildev";

/** An email as it arrived. */
export interface CaughtMail {
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly subject: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly html: string | undefined;
  readonly text: string | undefined;
  readonly attachments: readonly { readonly contentType: string; readonly contentId: string | undefined }[];
}

/** A mail server that delivers nothing: what is sent to it waits in its inbox. */
export interface MailCatcher {
  /** For SMTP_URL. */
  readonly smtpUrl: string;
  /** The inbox, for a browser. */
  readonly inboxUrl: string;
  messages(): Promise<readonly CaughtMail[]>;
  stop(): Promise<void>;
}

/**
 * Starts MailDev on free ports of this machine.
 *
 * @param parent the folder in which it keeps its files until it stops
 */
export async function startMailCatcher(parent = tmpdir()): Promise<MailCatcher> {
  const mailDirectory = await mkdtemp(join(parent, "parma-mail-"));
  // Loaded here: it takes a second, which commands without mail need not wait for.
  const maildev = await import("maildev");
  const catcher = new maildev.MailDev({
    smtp: 0,
    ip: "127.0.0.1",
    web: 0,
    webIp: "127.0.0.1",
    mailDirectory,
    silent: true,
  });
  const { smtp, api } = await quietly(() => catcher.start());
  const web = api?.getAddress();
  if (web === null || web === undefined) throw new Error("The mail catcher's inbox listens on no port");
  return {
    smtpUrl: `smtp://127.0.0.1:${smtp.getPort()}`,
    inboxUrl: `http://127.0.0.1:${web.port}`,
    messages: async () => (await smtp.getAllEmails()).map(caughtMail),
    stop: async () => {
      await catcher.stop();
      await rm(mailDirectory, { recursive: true, force: true });
    },
  };
}

/** MailDev tells its address on standard output even when silent, where a command's `--json` belongs. */
async function quietly<T>(start: () => Promise<T>): Promise<T> {
  const { info } = console;
  console.info = () => undefined;
  try {
    return await start();
  } finally {
    console.info = info;
  }
}

type Email = Awaited<ReturnType<Awaited<ReturnType<MailDev["start"]>>["smtp"]["getAllEmails"]>>[number];

function caughtMail({ from, to, subject, headers, html, text, attachments = [] }: Email): CaughtMail {
  const addresses = (list: typeof to = []) => list.map(({ address }) => address);
  return {
    from: addresses(from),
    to: addresses(to),
    subject,
    headers,
    html,
    text,
    attachments: attachments.map(({ contentType, contentId }) => ({ contentType, contentId })),
  };
}
