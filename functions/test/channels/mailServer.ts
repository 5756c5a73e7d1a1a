import { buffer } from "node:stream/consumers";
import PostalMime, { type Email } from "postal-mime";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

/** A mail server in this process, and what it took. */
export interface MailServer {
  readonly url: string;
  readonly port: number;
  /** As it came over the wire. */
  readonly raw: readonly string[];
  received(): Promise<Email[]>;
  stop(): Promise<void>;
}

interface MailServerOptions extends SMTPServerOptions {
  /** Whether it is silent when it has taken an email. */
  readonly isSilent?: () => boolean;
}

/** Starts a real SMTP server that takes what `options` do not refuse. */
export async function startMailServer({
  isSilent = () => false,
  ...options
}: MailServerOptions = {}): Promise<MailServer> {
  const raw: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    disableReverseLookup: true,
    onData: (stream, _session, done) => {
      buffer(stream).then((bytes) => {
        raw.push(bytes.toString("utf8"));
        if (!isSilent()) done();
      }, done);
    },
    ...options,
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.on("error", reject);
    const listening = server.listen(0, "127.0.0.1", () => {
      const address = listening.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
  return {
    url: `smtp://127.0.0.1:${port}`,
    port,
    raw,
    received: () => Promise.all(raw.map((mail) => PostalMime.parse(mail))),
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** An SMTP refusal, as smtp-server sends the errors of its hooks. */
export function refusal(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}
