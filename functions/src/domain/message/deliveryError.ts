/**
 * What a failure says of the message. "passing": the provider certainly did not take it, and may later. "final": it
 * did not, and will not before somebody changed something. "unclear": it may have, and there is no way to find out.
 */
export type DeliveryFailure = "final" | "passing" | "unclear";

/** A message that did not go out, or may not have. The reason is shown to the user as the channel's last error. */
export class DeliveryError extends Error {
  override readonly name = "DeliveryError";
  readonly kind: DeliveryFailure;
  /** The provider's own word on when to try again. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    kind: DeliveryFailure,
    reason: string,
    options: { retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(reason, { cause: options.cause });
    this.kind = kind;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  /** What went wrong, and what the user or an operator can do about it. */
  get reason(): string {
    return this.message;
  }
}
