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
  readonly retryAfter: string | null;
  readonly location: string | null;
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
  const given = moduleUrl(endpoint, path);
  let answer = await askWithAny(given, request);
  const url = secureUrl(given, answer) ?? given;
  if (url !== given) answer = await askWithAny(url, request);
  const { status, text, retryAfter } = answer;
  if (status >= 200 && status < 300) return text;
  throw new ModuleError(`HttpStatus${status}`, refusal(url, status, text), {
    retryable: status === 408 || status === 429 || status >= 500,
    blames: REFUSALS_OF_CONTENT.has(status) ? "company" : "source",
    isCertain: status < 500,
    retryAfterSeconds: status === 429 || status === 503 ? secondsToWait(retryAfter) : undefined,
  });
}

const REDIRECTS = new Set([301, 302, 307, 308]);

/** The same address over https, where the module redirects to exactly that: the token goes to nobody else. */
export function secureUrl(
  url: URL,
  { status, location }: { readonly status: number; readonly location: string | null },
): URL | undefined {
  const to = location === null ? null : URL.parse(location, url.href);
  if (url.protocol !== "http:" || to?.protocol !== "https:" || !REDIRECTS.has(status)) return undefined;
  const isSame = to.hostname === url.hostname && to.pathname === url.pathname && to.search === url.search;
  return isSame && to.port === "" && url.port === "" ? to : undefined;
}

/** Reads a Retry-After header: seconds, or a date. */
function secondsToWait(retryAfter: string | null): number | undefined {
  if (retryAfter === null || retryAfter.trim() === "") return undefined;
  const seconds = Number(retryAfter);
  if (Number.isFinite(seconds)) return Math.max(0, Math.ceil(seconds));
  const at = Date.parse(retryAfter);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - Date.now()) / 1000));
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
    return {
      status: response.status,
      retryAfter: response.headers.get("retry-after"),
      location: response.headers.get("location"),
      text: await readAtMost(response.body, maxBytes),
    };
  } catch (error) {
    throw transportError(url, error, signal);
  }
}

function moduleUrl(endpoint: string, path: string): URL {
  const address = withScheme(endpoint.trim());
  const base = URL.parse(address.endsWith("/") ? address : `${address}/`);
  const isHttp = base?.protocol === "http:" || base?.protocol === "https:";
  if (isHttp && base.username === "" && base.password === "") return new URL(path, base);
  throw invalidEndpoint(
    `The data source's endpoint "${endpoint}" is not an http(s) URL without user and password`,
  );
}

/** People leave the scheme out: a module on this machine speaks http, any other https. */
export function withScheme(endpoint: string): string {
  if (endpoint === "" || /^[a-z][a-z0-9+.-]*:\/\//i.test(endpoint)) return endpoint;
  const isLocal = /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?=[:/]|$)/i.test(endpoint);
  return `${isLocal ? "http" : "https"}://${endpoint}`;
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
      isCertain: false,
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
