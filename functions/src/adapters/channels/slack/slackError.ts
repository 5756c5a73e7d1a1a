import { z } from "zod";
import { DeliveryError } from "../../../domain/message/deliveryError.ts";
import { clipWords, oneLine } from "../../../domain/words/text.ts";

// The @slack/web-api errors, by their codes.
const rateLimited = z.object({
  code: z.literal("slack_webapi_rate_limited_error"),
  retryAfter: z.number(),
});
const httpError = z.object({ code: z.literal("slack_webapi_http_error"), statusCode: z.number() });
const requestError = z.object({
  code: z.literal("slack_webapi_request_error"),
  original: z.object({
    name: z.string(),
    message: z.string(),
    cause: z.object({ code: z.string() }).optional().catch(undefined),
  }),
});
const platformError = z.object({
  code: z.literal("slack_webapi_platform_error"),
  data: z.object({ error: z.unknown(), needed: z.string().optional() }),
});
const otherError = z.object({
  message: z.string().startsWith("Retry header did not contain a valid timeout"),
});

/** The error that Slack's answer names, e.g. "channel_not_found"; undefined where it named none. */
export function slackErrorCode(error: unknown): string | undefined {
  const { data } = platformError.safeParse(error);
  return typeof data?.data.error === "string" ? data.data.error : undefined;
}

/** What the Slack client threw, as a failed delivery. Anything else is returned as it is. */
export function slackFailure(error: unknown, channel: string): unknown {
  if (error instanceof DeliveryError) return error;
  const limited = rateLimited.safeParse(error);
  if (limited.success) {
    const { retryAfter } = limited.data;
    return new DeliveryError("passing", `Slack is rate limiting this app; retrying in ${retryAfter} s.`, {
      retryAfterSeconds: retryAfter,
      cause: error,
    });
  }
  if (otherError.safeParse(error).success)
    return passing("Slack is rate limiting this app; retrying later.", error);
  const http = httpError.safeParse(error);
  if (http.success) return statusFailure(http.data.statusCode, error);
  const request = requestError.safeParse(error);
  if (request.success) return transportFailure(request.data.original, error);
  const platform = platformError.safeParse(error);
  return platform.success ? platformFailure(platform.data.data, channel, error) : error;
}

// What fails before a connection is there to send anything through.
const NOT_CONNECTED_CODES = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

// By Slack's documentation, some aspect of what was asked for may have succeeded before these.
const HALFWAY_CODES = new Set(["internal_error", "fatal_error"]);

/**
 * What the error of a call that is to change something says of the change. "refused": it was not made. "ended": it
 * may have been, and Slack is done with the call. "open": it may have been, or still be made, since what answers in
 * place of Slack (502, 503, 504, a page) or breaks the connection does not end the work behind it.
 */
export function outcomeOfCall(error: unknown): "refused" | "ended" | "open" {
  if (rateLimited.safeParse(error).success || otherError.safeParse(error).success) return "refused";
  const http = httpError.safeParse(error);
  if (http.success) {
    const { statusCode } = http.data;
    if (statusCode === 500) return "ended";
    return statusCode >= 400 && statusCode < 500 ? "refused" : "open";
  }
  const request = requestError.safeParse(error);
  if (request.success) {
    return NOT_CONNECTED_CODES.has(request.data.original.cause?.code ?? "") ? "refused" : "open";
  }
  const code = slackErrorCode(error);
  if (code === undefined || !isWord(code)) return "open";
  return HALFWAY_CODES.has(code) ? "ended" : "refused";
}

/** A post that nobody knows the outcome of. */
export function unclearPost(error: unknown, channel: string): DeliveryError {
  const failure = slackFailure(error, channel);
  const reason = failure instanceof DeliveryError ? failure.reason : "Slack's answer broke off.";
  return new DeliveryError(
    "unclear",
    `${reason} It may have posted the message all the same, so the message is not sent again.`,
    { cause: error },
  );
}

function passing(reason: string, cause: unknown): DeliveryError {
  return new DeliveryError("passing", reason, { cause });
}

function statusFailure(status: number, cause: unknown): DeliveryError {
  if (status >= 500 || status === 408) return passing(`Slack answered ${status}.`, cause);
  return new DeliveryError(
    "final",
    `Slack answered ${status}, which its API never does. An operator must check SLACK_API_URL.`,
    { cause },
  );
}

function transportFailure(
  { name, message }: { name: string; message: string },
  cause: unknown,
): DeliveryError {
  return name === "TimeoutError" || name === "AbortError"
    ? passing("Slack did not answer in time.", cause)
    : passing(`Slack could not be reached: ${clipWords(oneLine(message), 200)}`, cause);
}

// Slack's own trouble, by the word of its documentation: the same call may pass later.
const PASSING_CODES = new Set([
  "ratelimited",
  "rate_limited",
  "internal_error",
  "fatal_error",
  "service_unavailable",
  "request_timeout",
  "team_added_to_org",
  "org_login_required",
  "external_channel_migrating",
]);

function platformFailure(
  { error, needed }: { error?: unknown; needed?: string | undefined },
  channel: string,
  cause: unknown,
): DeliveryError {
  if (typeof error !== "string" || !isWord(error)) {
    return passing("Slack's answer could not be understood.", cause);
  }
  if (PASSING_CODES.has(error)) return passing(`Slack is in trouble (${error}).`, cause);
  return new DeliveryError("final", adviceFor(error, channel, needed), { cause });
}

/** A proxy's page comes as an error's name, too. */
function isWord(error: string): boolean {
  return /^\w+$/.test(error);
}

/** What a user can do about an error of Slack's. */
function adviceFor(error: string, channel: string, needed: string | undefined): string {
  const name = `"${oneLine(channel)}"`;
  switch (error) {
    case "invalid_auth":
    case "not_authed":
    case "token_revoked":
    case "token_expired":
    case "account_inactive":
      return `Slack does not accept the bot token of this channel any more (${error}). Enter a valid one in the settings.`;
    case "missing_scope":
    case "no_permission":
    case "not_allowed_token_type":
      return `The Slack app may not do this (${error}${needed === undefined ? "" : `: needs ${needed}`}). Add the scope and install the app again.`;
    case "channel_not_found":
      return channelNotFound(channel).reason;
    case "not_in_channel":
      return `The bot is not a member of the Slack channel ${name}. Invite it there (/invite).`;
    case "is_archived":
      return `The Slack channel ${name} is archived. Choose another one in the settings.`;
    case "restricted_action":
    case "restricted_action_read_only_channel":
    case "restricted_action_thread_only_channel":
    case "ekm_access_denied":
      return `The Slack workspace does not let the bot post to ${name} (${error}). Ask one of its admins.`;
    default:
      return `Slack refused the message to ${name} (${error}).`;
  }
}

/** A name that no channel has which the bot can see. */
export function channelNotFound(channel: string): DeliveryError {
  return new DeliveryError(
    "final",
    `The bot sees no Slack channel "${oneLine(channel)}" (channel_not_found). Check its name in the settings; to a private channel, invite the bot first.`,
  );
}
