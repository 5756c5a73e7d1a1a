import { Agent, fetch } from "undici";
import { ModuleError } from "./moduleError.ts";

// A module may answer only when it has mined everything. The caller's signal limits the time, so undici's own
// limit of five minutes on the headers must not.
const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0, connect: { timeout: 10_000 } });

const EXCERPT_LENGTH = 500;

/**
 * Calls an endpoint of an external module: POST with a body, else GET.
 *
 * @param endpoint the module's stored base URL, with or without a trailing slash
 * @returns the text of a 2xx answer
 * @throws ModuleError retryable for time-outs, network errors, 429 and 5xx; final for every other answer
 */
export async function callModule(
  endpoint: string,
  path: string,
  { token, body, signal }: { token: string; body?: unknown; signal: AbortSignal },
): Promise<string> {
  const url = moduleUrl(endpoint, path);
  let status: number;
  let text: string;
  try {
    const response = await fetch(url, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      // A redirect would carry the token to whoever it names.
      redirect: "manual",
      dispatcher,
      signal,
    });
    status = response.status;
    text = await response.text();
  } catch (error) {
    throw transportError(url, error, signal);
  }
  if (status >= 200 && status < 300) return text;
  throw new ModuleError(
    `HttpStatus${status}`,
    `The module answered ${status} to ${url.pathname}: ${excerpt(text)}`,
    { retryable: status === 408 || status === 429 || status >= 500 },
  );
}

function moduleUrl(endpoint: string, path: string): URL {
  const base = URL.parse(endpoint.endsWith("/") ? endpoint : `${endpoint}/`);
  if (base?.protocol === "http:" || base?.protocol === "https:") return new URL(path, base);
  throw new ModuleError("InvalidEndpoint", `The data source's endpoint "${endpoint}" is not an http(s) URL`, {
    retryable: false,
  });
}

function transportError(url: URL, error: unknown, signal: AbortSignal): ModuleError {
  if (signal.aborted) {
    return new ModuleError("Timeout", `The module did not answer ${url.pathname} in time`, {
      retryable: true,
      cause: error,
    });
  }
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
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
