/** All error codes of HTTP functions with their status. docs/http.md lists them too. */
const STATUS = {
  invalid_json: 400,
  invalid_token_payload: 400,
  missing_token: 401,
  invalid_token: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  body_too_slow: 408,
  conflict: 409,
  body_too_large: 413,
  unsupported_media_type: 415,
  invalid_request: 422,
  internal: 500,
  module_failed: 502,
  unavailable: 503,
} as const;

export type ApiErrorCode = keyof typeof STATUS;

/** One thing that is wrong with a request: where, and what. */
export interface ErrorDetail {
  readonly path: string;
  readonly message: string;
}

/** A refusal of an invalid request; its message names the first problem. */
export function invalidRequest(details: readonly ErrorDetail[], cause?: unknown): ApiError {
  const [first] = details;
  const where = first === undefined || first.path === "" ? "" : `\`${first.path}\` `;
  const what = first === undefined ? "it does not match the expected shape" : first.message;
  return new ApiError("invalid_request", `Invalid request: ${where}${what}.`, { details, cause });
}

/** A refused call. Its message goes to the caller, so it must hold nothing internal. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ApiErrorCode;
  readonly status: number;
  readonly details: readonly ErrorDetail[] | undefined;

  constructor(
    code: ApiErrorCode,
    message: string,
    options: { details?: readonly ErrorDetail[]; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.status = STATUS[code];
    this.details = options.details;
  }

  /** The one JSON shape of errors; `detail` is where the mining modules look. */
  body() {
    return {
      error: {
        code: this.code,
        message: this.message,
        ...(this.details === undefined ? {} : { details: this.details }),
      },
      detail: this.message,
    };
  }
}
