import { fetch, type Response } from "undici";
import { ModuleError } from "../../domain/miningModule/moduleError.ts";
import { moduleNetworksConfig } from "../../platform/config.ts";
import {
  AnswerTooLargeError,
  ForbiddenAddressError,
  outgoingAgent,
  readAtMost,
} from "../../platform/outgoing.ts";

const dispatcher = outgoingAgent(moduleNetworksConfig);

// Maps and identifiers are some kilobytes.
const MAX_BYTES = 256 * 1024;

const EXCERPT_LENGTH = 500;

// The module is there, lets us in, and does not like what it was asked about.
const REFUSALS_OF_CONTENT = new Set([400, 409, 413, 422]);

interface OutgoingCall {
  /** The same token by each key that the module may know: the next is tried where one is refused with 401. */
  readonly tokens: readonly string[];
  readonly body?: unknown;
  readonly signal: AbortSignal;
  /** Of the answer; 256 KiB unless it says otherwise. */
  readonly maxBytes?: number;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/**
 * Calls an endpoint of an external module: POST with a body, else GET.
 *
 * @param endpoint the module's stored base URL, with or without a trailing slash
 * @returns the text of a 2xx answer
 * @throws ModuleError retryable for time-outs, network errors, 429 and 5xx; final for every other answer
 */
export async function callModule(endpoint: string, path: string, request: OutgoingCall): Promise<string> {
  const url = moduleUrl(endpoint, path);
  const { status, text } = await askWithAny(url, request);
  if (status >= 200 && status < 300) return text;
  throw new ModuleError(`HttpStatus${status}`, refusal(url, status, text), {
    retryable: status === 408 || status === 429 || status >= 500,
    blames: REFUSALS_OF_CONTENT.has(status) ? "company" : "source",
  });
}

async function askWithAny(url: URL, { tokens, ...request }: OutgoingCall): Promise<Answer> {
  let answer: Answer | undefined;
  for (const token of tokens) {
    answer = await ask(url, token, request);
    if (answer.status !== 401) return answer;
  }
  if (answer === undefined) throw new Error("A module is called with a token");
  return answer;
}

async function ask(url: URL, token: string, request: Omit<OutgoingCall, "tokens">): Promise<Answer> {
  const { body, signal, maxBytes = MAX_BYTES } = request;
  try {
    const response: Response = await fetch(url, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      // A redirect would carry the token to whoever it names. None is followed, to the same host neither.
      redirect: "manual",
      dispatcher,
      signal,
    });
    return { status: response.status, text: await readAtMost(response.body, maxBytes) };
  } catch (error) {
    throw transportError(url, error, signal);
  }
}

function moduleUrl(endpoint: string, path: string): URL {
  const base = URL.parse(endpoint.endsWith("/") ? endpoint : `${endpoint}/`);
  const isHttp = base?.protocol === "http:" || base?.protocol === "https:";
  if (isHttp && base.username === "" && base.password === "") return new URL(path, base);
  throw invalidEndpoint(
    `The data source's endpoint "${endpoint}" is not an http(s) URL without user and password`,
  );
}

function invalidEndpoint(message: string, cause?: unknown): ModuleError {
  return new ModuleError("InvalidEndpoint", message, { retryable: false, cause });
}

function refusal(url: URL, status: number, text: string): string {
  const hint =
    status >= 300 && status < 400
      ? " Redirects are not followed: the data source's endpoint must be the address that they lead to."
      : "";
  return `The module answered ${status} to ${url.pathname}: ${excerpt(text)}${hint}`;
}

function transportError(url: URL, error: unknown, signal: AbortSignal): ModuleError {
  if (signal.aborted) {
    return new ModuleError("Timeout", `The module did not answer ${url.pathname} in time`, {
      retryable: true,
      cause: error,
    });
  }
  if (error instanceof AnswerTooLargeError) {
    return new ModuleError("AnswerTooLarge", `${error.message}, of ${url.pathname}`, {
      retryable: false,
      cause: error,
    });
  }
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof ForbiddenAddressError) {
    return invalidEndpoint(`The module must not be called: ${cause.message} (MODULE_NETWORKS)`, error);
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ModuleError("Unreachable", `The module could not be reached at ${url.host}: ${reason}`, {
    retryable: true,
    cause: error,
  });
}

function excerpt(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > EXCERPT_LENGTH ? `${line.slice(0, EXCERPT_LENGTH)}…` : line;
}
