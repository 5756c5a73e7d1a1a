import { subscribe } from "node:diagnostics_channel";
import { IncomingMessage } from "node:http";
import { ApiError } from "./apiError.ts";
import { errorCode } from "./errorCode.ts";

// Modules feed whole subreddits and organizations at once: a few megabytes at most. Cloud Functions itself
// takes 32 MiB.
const MOST_BYTES = 20 * 1024 * 1024;

const servedHere = new Set<string>();
const contentTypes = new WeakMap<IncomingMessage, string>();

/**
 * Makes this process leave the bodies of a function's requests to {@link readJsonText}.
 *
 * What runs functions (the Functions Framework, and the emulator's like) otherwise parses JSON first, answers what
 * is none with a page of HTML, and rounds large numbers. It leaves alone what has no content type, so that is
 * taken off before it looks. A process serves one function; queue and event functions need the parser.
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
 * @throws ApiError 415 where it is not said to be JSON in UTF-8, 413 where it is over 20 MiB, 400 where it is not
 *   UTF-8
 */
export async function readJsonText(request: IncomingMessage): Promise<string> {
  checkContentType(contentTypes.get(request) ?? request.headers["content-type"] ?? "");
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") {
    throw new ApiError("unsupported_media_type", `The content encoding ${encoding} is not supported`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await readBytes(request));
  } catch (error) {
    if (errorCode(error) !== "ERR_ENCODING_INVALID_ENCODED_DATA") throw error;
    throw new ApiError("invalid_json", "The body is not valid UTF-8", { cause: error });
  }
}

/** No content type at all is taken for JSON: callers that forget it send JSON. */
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

async function readBytes(request: IncomingMessage): Promise<Buffer> {
  // Where the process serves several functions (the emulator's debugger), the body was read before.
  if ("rawBody" in request && Buffer.isBuffer(request.rawBody)) return withinLimit(request.rawBody);
  let chunks: Buffer[] = [];
  let length = 0;
  // A body that is too large is read to its end all the same: who still sends does not read the answer.
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    length += chunk.length;
    if (length > MOST_BYTES) chunks = [];
    else chunks.push(chunk);
  }
  if (length > MOST_BYTES) throw tooLarge();
  return Buffer.concat(chunks, length);
}

function withinLimit(body: Buffer): Buffer {
  if (body.length > MOST_BYTES) throw tooLarge();
  return body;
}

function tooLarge(): ApiError {
  return new ApiError("body_too_large", `The body is larger than ${MOST_BYTES} bytes`);
}
