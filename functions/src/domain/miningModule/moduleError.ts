import { storedReason } from "../../platform/errorText.ts";

// Whatever a module answers may stand in a message, and messages are stored, logged and shown.
const MAX_MESSAGE = 1000;

/**
 * A module that failed: what kind of failure, in which words, and whether the same call may pass later. The message is
 * cut to 1,000 characters.
 */
export class ModuleError extends Error {
  override readonly name = "ModuleError";
  /** A short name for statistics, e.g. `HttpStatus503`, `Timeout`, `NoIdentifiers`. */
  readonly type: string;
  readonly retryable: boolean;
  /** Whose fault it is. What is the company's alone says nothing of the source's health. */
  readonly blames: "source" | "company";
  /** The source is to blame whatever the company: it could not be reached, say. A 500 or a time-out may be the company's. */
  readonly isCertain: boolean;
  /** For how many seconds the module asked to be left alone. Being told to wait uses up no try. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    type: string,
    message: string,
    options: {
      retryable: boolean;
      blames?: "source" | "company";
      isCertain?: boolean;
      retryAfterSeconds?: number | undefined;
      cause?: unknown;
    },
  ) {
    super(storedReason(message, MAX_MESSAGE), { cause: options.cause });
    this.type = type;
    this.retryable = options.retryable;
    this.blames = options.blames ?? "source";
    this.isCertain = options.isCertain ?? true;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
