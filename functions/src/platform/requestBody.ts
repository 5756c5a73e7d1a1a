import { subscribe } from "node:diagnostics_channel";
import { IncomingMessage } from "node:http";
import { ApiError } from "./apiError.ts";
import { errorCode } from "./errorCode.ts";

// An instance's memory holds many of these at once, and only raw answers come near it.
const MAX_BYTES = 1024 * 1024;

// A caller that stops in the middle, or drips a byte now and then, would keep its place in this instance for as long as
// the function may run. The shortest timeout is 30 s. Modules run in the cloud: 20 MiB take them seconds.
const MAX_BODY_MS = 20_000;

const servedHere = new Set<string>();
const contentTypes = new WeakMap<IncomingMessage, string>();

/**
 * Makes this process leave the bodies of a function's requests to {@link readJsonText}.
 *
 * Otherwise the Functions Framework (and the emulator's counterpart) parses JSON first, answers invalid JSON with a page
 * of HTML, and rounds large numbers. It ignores bodies without a content type, so the header is removed before it looks.
 * A process serves one function; queue and event functions need the parser.
 */
export function takeBodiesUnparsed(functionName: string): void {
  if (servedHere.size === 0) subscribe("http.server.request.start", takeContentType);
  servedHere.add(functionName);
}

function takeContentType(message: unknown): void {
  if (!servedHere.has(process.env.FUNCTION_TARGET ?? "")) return;
  if (typeof message !== "object" || message === null || !("request" in message)) return;
  const { request } = message;
  if (!(request instanceof IncomingMessage)) return;
  contentTypes.set(request, request.headers["content-type"] ?? "");
  delete request.headers["content-type"];
}

/**
 * Reads a request's body as text.
 *
 * @throws ApiError 415 unless declared as JSON in UTF-8, 413 if too large, 408 after 20 s, 400 if not UTF-8
 */
export async function readJsonText(request: IncomingMessage, maxBytes = MAX_BYTES): Promise<string> {
  checkContentType(contentTypes.get(request) ?? request.headers["content-type"] ?? "");
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") {
    throw new ApiError("unsupported_media_type", `The content encoding ${encoding} is not supported`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await bytesInTime(request, maxBytes));
  } catch (error) {
    if (errorCode(error) !== "ERR_ENCODING_INVALID_ENCODED_DATA") throw error;
    throw new ApiError("invalid_json", "The body is not valid UTF-8", { cause: error });
  }
}

/** A missing content type counts as JSON: callers that forget it send JSON. */
function checkContentType(contentType: string): void {
  const [type = "", ...parameters] = contentType
    .toLowerCase()
    .split(";")
    .map((part) => part.trim());
  const charset = parameters.find((parameter) => parameter.startsWith("charset="))?.slice("charset=".length);
  const isJson = type === "" || type === "application/json" || /^application\/[\w.-]+\+json$/.test(type);
  const isUtf8 = charset === undefined || /^"?utf-?8"?$/.test(charset);
  if (isJson && isUtf8) return;
  throw new ApiError(
    "unsupported_media_type",
    "The body must be JSON in UTF-8 (Content-Type: application/json)",
  );
}

/** Gives up on a body that does not arrive in time. */
async function bytesInTime(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new ApiError("body_too_slow", `The body did not arrive within ${MAX_BODY_MS / 1000} s`)),
    MAX_BODY_MS,
  );
  try {
    return await Promise.race([readBytes(request, maxBytes), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  // Where the process serves several functions (the emulator's debugger), the body was read before.
  const readBefore = "rawBody" in request && Buffer.isBuffer(request.rawBody) ? request.rawBody : undefined;
  let chunks: Buffer[] = [];
  let length = 0;
  // Even a body that is too large is read to its end: a caller that is still sending does not read the answer.
  for await (const chunk of readBefore === undefined ? request : [readBefore]) {
    if (!Buffer.isBuffer(chunk)) continue;
    length += chunk.length;
    if (length > maxBytes) chunks = [];
    else chunks.push(chunk);
  }
  if (length <= maxBytes) return Buffer.concat(chunks, length);
  throw new ApiError("body_too_large", `The body is larger than ${maxBytes} bytes`);
}
