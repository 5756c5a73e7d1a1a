import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { DeliveryError } from "../../../domain/message/deliveryError.ts";
import { oneLine } from "../../../domain/words/text.ts";
import { emailAddress } from "./emailAddress.ts";
import { smtpFailure } from "./smtpError.ts";

/** The mail server, by its `smtp:` or `smtps:` URL, and who the mail is from. */
export interface Mailer {
  readonly transportUrl: string;
  readonly from: string;
  /** How long it may be silent, where the usual times are not meant. */
  readonly timeoutMs?: number | undefined;
}

// A server answers within a second or two; its greeting may be held back on purpose, against spam.
const CONNECTION_MS = 10_000;
const GREETING_MS = 15_000;
const SILENCE_MS = 30_000;

export interface Email {
  readonly to: string;
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  /** The PNGs that the HTML shows, by their content id. */
  readonly images: ReadonlyMap<string, Uint8Array>;
  readonly headers: Readonly<Record<string, string>>;
  readonly messageId: string;
}

/**
 * Hands an email to the mail server.
 *
 * @returns the Message-ID once the server has taken over the responsibility for it
 * @throws DeliveryError
 */
export async function sendEmail({ transportUrl, from, timeoutMs }: Mailer, email: Email): Promise<string> {
  // The destination is what a user typed. One address, and nothing that could grow into a header.
  const to = emailAddress(email.to);
  if (to === undefined) {
    throw new DeliveryError(
      "final",
      `"${oneLine(email.to)}" is not an email address. Correct it in the settings.`,
    );
  }
  const { createTransport } = await import("nodemailer");
  const transport = createTransport({
    url: transportUrl,
    dnsTimeout: timeoutMs ?? CONNECTION_MS,
    connectionTimeout: timeoutMs ?? CONNECTION_MS,
    greetingTimeout: timeoutMs ?? GREETING_MS,
    socketTimeout: timeoutMs ?? SILENCE_MS,
    // Nothing in a message may make the server read a file or fetch a URL.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  let isHandedOver = false;
  transport.use("stream", ({ message }, done) => {
    const onEnd = () => {
      isHandedOver = true;
    };
    // Nothing is read ahead: the end is reached when it is wanted.
    const options = { objectMode: false, highWaterMark: 1 };
    message.processFunc((text) => Readable.from(watched(text, onEnd), options));
    done();
  });
  try {
    await transport.sendMail({
      from,
      to: { name: "", address: to },
      subject: oneLine(email.subject),
      html: email.html,
      text: email.text,
      messageId: email.messageId,
      headers: { ...email.headers },
      attachments: [...email.images].map(([id, png]) => ({
        cid: id,
        filename: `${id}.png`,
        content: Buffer.from(png),
        contentType: "image/png",
        contentDisposition: "inline" as const,
      })),
    });
    return email.messageId;
  } catch (error) {
    throw smtpFailure(error, { to: to, isHandedOver });
  } finally {
    transport.close();
  }
}

/**
 * A text that tells when it was read to its end. The server reads it once it has taken the envelope; the line that
 * makes it take over the message goes out after the end, so that before it nothing was sent.
 */
async function* watched(text: Readable, onEnd: () => void): AsyncGenerator<unknown> {
  yield* text;
  onEnd();
}

/** The Message-ID of a delivery, by which a mail server's log leads back to it. */
export function messageIdOf(deliveryId: string, from: string): string {
  const domain = /@([a-z0-9.-]+)>?\s*$/i.exec(from)?.[1] ?? "parma-analytics.invalid";
  return `<${createHash("sha256").update(deliveryId).digest("hex").slice(0, 32)}@${domain.toLowerCase()}>`;
}

/**
 * The headers of mail that a machine sent: nobody's absence is to be answered, and one click ends it (RFC 8058)
 * where there is a link for that.
 */
export function automaticHeaders(unsubscribe: string | undefined): Record<string, string> {
  return {
    "Auto-Submitted": "auto-generated",
    "X-Auto-Response-Suppress": "All",
    Precedence: "bulk",
    ...(unsubscribe === undefined
      ? {}
      : {
          "List-Unsubscribe": `<${new URL(unsubscribe).href}>`,
          "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }),
  };
}
