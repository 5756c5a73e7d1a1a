/**
 * What went wrong:
 * - `RateLimited`, `Unavailable` (5xx), `Disconnected`, `Timeout`: may pass.
 * - `Rejected`: the server does not take the call (key, model, quota).
 * - `Refused`, `InvalidAnswer`: the model answered nothing that can be used, time and again.
 */
export type LanguageFailure =
  | "RateLimited"
  | "Unavailable"
  | "Disconnected"
  | "Timeout"
  | "Rejected"
  | "Refused"
  | "InvalidAnswer";

const MAY_PASS: ReadonlySet<LanguageFailure> = new Set([
  "RateLimited",
  "Unavailable",
  "Disconnected",
  "Timeout",
]);

/** The language model gave no answer that can be used. Says nothing of what was asked or answered. */
export class LanguageError extends Error {
  override readonly name = "LanguageError";
  readonly type: LanguageFailure;
  /** Whether the same call may pass later. */
  readonly retryable: boolean;
  /** How long the server wants to be left alone, where it says so. */
  readonly retryAfterMs: number | undefined;

  constructor(
    type: LanguageFailure,
    message: string,
    options: { retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.type = type;
    this.retryable = MAY_PASS.has(type);
    this.retryAfterMs = options.retryAfterMs;
  }
}
