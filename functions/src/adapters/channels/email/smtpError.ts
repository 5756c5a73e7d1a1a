import { z } from "zod";
import { DeliveryError } from "../../../domain/message/deliveryError.ts";
import { clipWords, oneLine } from "../../../domain/words/text.ts";

const failure = z.object({
  message: z.string(),
  code: z.string().optional(),
  response: z.string().optional(),
  responseCode: z.number().optional(),
  /** Nodemailer's reading of the server's reply. Absent where there was none. */
  permanent: z.boolean().optional(),
});

// What failed before the server could say anything, and would fail again the same way.
const FINAL_CODES = new Set(["ENOAUTH", "ECONFIG", "EENVELOPE", "EMESSAGE", "EFILEACCESS", "EURLACCESS"]);

/**
 * What nodemailer threw, as a failed delivery. Anything else is returned as it is.
 *
 * @param isHandedOver whether all of the message was on its way: then only a refusal of the server's says that it did
 *   not take it
 */
export function smtpFailure(
  error: unknown,
  { to, isHandedOver }: { to: string; isHandedOver: boolean },
): unknown {
  const parsed = failure.safeParse(error);
  if (!parsed.success) return error;
  const { message, code, response, responseCode, permanent } = parsed.data;
  const said = clipWords(oneLine(response ?? message), 300);
  if (isHandedOver && !(responseCode !== undefined && responseCode >= 400)) {
    return new DeliveryError(
      "unclear",
      `The mail server did not say whether it took the email (${said}). It may have, so the email is not sent again.`,
      { cause: error },
    );
  }
  const isFinal = permanent ?? FINAL_CODES.has(code ?? "");
  return new DeliveryError(isFinal ? "final" : "passing", reason({ code, responseCode, isFinal, said, to }), {
    cause: error,
  });
}

interface SmtpFailure {
  readonly code: string | undefined;
  readonly responseCode: number | undefined;
  readonly isFinal: boolean;
  readonly said: string;
  readonly to: string;
}

function reason({ code, responseCode, isFinal, said, to }: SmtpFailure): string {
  if (code === "EAUTH" || code === "ENOAUTH") {
    return `The mail server refused the login (${said}). An operator must check SMTP_URL.`;
  }
  if (code === "ETIMEDOUT") return `The mail server did not answer in time (${said}).`;
  if (responseCode === undefined) {
    return isFinal
      ? `The email could not be made (${said}).`
      : `The mail server could not be reached (${said}).`;
  }
  return isFinal
    ? `The mail server refused the email to ${to} (${said}). Check the address in the settings.`
    : `The mail server could not take the email to ${to} for now (${said}).`;
}
