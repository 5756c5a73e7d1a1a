import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { type HttpsFunction, onRequest } from "firebase-functions/https";
import type { z } from "zod";
import { ApiError, invalidRequest } from "./apiError.ts";
import { type Declared, declare, type FunctionDeclaration, optionsOf } from "./declaration.ts";
import { checkJsonSize } from "./jsonSize.ts";
import { leaveDomain } from "./leaveDomain.ts";
import { logError } from "./log.ts";
import { withLogIds } from "./logContext.ts";
import { readJsonText, takeBodiesUnparsed } from "./requestBody.ts";

/** One call of an HTTP function by an admitted caller. */
export interface Call<Claims, Query, Body> {
  /** What the caller may touch. */
  readonly claims: Claims;
  /** The id in a path `/:id`; 0 where the path has none. */
  readonly id: number;
  readonly now: Date;
  /** The parameters after the `?`, by the route's schema. @throws ApiError 422 if they are invalid. */
  query(): Query;
  /** The body's JSON, of up to 1 MiB, by the route's schema. @throws ApiError 400, 408, 413, 415 or 422. */
  json(): Promise<Body>;
  /** The body's text, for handlers that parse it themselves. @throws ApiError 400, 408, 413 or 415. */
  text(maxBytes: number): Promise<string>;
}

export interface Reply {
  readonly status: number;
  /** Sent as JSON, unless it is an {@link HtmlPage}. */
  readonly body: object;
}

/** A page for a person who followed a link. It has no scripts and loads nothing. */
export class HtmlPage {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

/** Checks the Authorization header and returns what the caller may touch. @throws ApiError */
type Authorize<Claims> = (
  authorization: string | undefined,
  now: Date,
  headers: IncomingHttpHeaders,
) => Promise<Claims>;

/** Who may call a route. */
export interface Callers<Claims> {
  readonly kind: "anyone" | "web application" | "module" | "operator";
  readonly authorize: Authorize<Claims>;
}

/** The {@link Callers} of a route without credentials. */
export const anyone: Callers<undefined> = { kind: "anyone", authorize: async () => undefined };

/** A route's declaration. docs/http.md lists it, and the hostile tests attack it. */
export interface RouteDeclaration<
  Claims = unknown,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
> {
  readonly callers: Callers<Claims>;
  /** What it is for, in a line. */
  readonly summary: string;
  /** The parameters after the `?`. */
  readonly query?: Q;
  /** The JSON body. */
  readonly body?: B;
}

interface Received {
  readonly request: IncomingMessage;
  readonly id: number;
  readonly search: URLSearchParams;
  readonly now: Date;
}

/** The handler of one method of one path; made by {@link route}. */
export interface Route {
  readonly declaration: RouteDeclaration;
  readonly answer: (received: Received) => Promise<Reply>;
}

/** The routes of a function, by path below its own and by method. `/:id` takes any number. */
export type Paths = Readonly<Partial<Record<`/${string}`, Readonly<Record<string, Route>>>>>;

/** Declares a route. Callers are checked before anything else is read. */
export function route<Claims, Q extends z.ZodType, B extends z.ZodType>(
  declaration: RouteDeclaration<Claims, Q, B>,
  handle: (call: Call<Claims, z.output<Q>, z.output<B>>) => Promise<Reply>,
): Route {
  const { callers, query, body } = declaration;
  return {
    declaration,
    answer: async ({ request, id, search, now }) => {
      const claims = await callers.authorize(request.headers.authorization, now, request.headers);
      return handle({
        claims,
        id,
        now,
        query: () => accept(declared(query), Object.fromEntries(search)),
        json: async () =>
          accept(declared(body), parseJsonText(await readJsonText(request), parseWithinReason)),
        text: (maxBytes) => readJsonText(request, maxBytes),
      });
    },
  };
}

function declared<S extends z.ZodType>(schema: S | undefined): S {
  if (schema === undefined) throw new Error("The route declares no schema for this");
  return schema;
}

/** A function that HTTP requests call. */
export interface HttpDeclaration extends FunctionDeclaration {
  /** Its path behind Hosting; its routes are at and below it. */
  readonly path: `/${string}`;
}

/** A deployed HTTP function, with what it declares. */
export type DeclaredHttp<D extends HttpDeclaration = HttpDeclaration> = Declared<HttpsFunction, D> & {
  readonly loadPaths: () => Promise<Paths>;
};

/**
 * Declares an HTTP function that speaks JSON, at its path behind Hosting and at its own address.
 *
 * @param load imports the routes, at the first request
 */
export function httpFunction<const D extends HttpDeclaration>(
  declaration: D,
  load: () => Promise<Paths>,
): DeclaredHttp<D> {
  const { name, path }: HttpDeclaration = declaration;
  takeBodiesUnparsed(name);
  let paths: Promise<Paths> | undefined;
  const loadPaths = () => {
    paths ??= load();
    return paths;
  };
  // The routes check their callers: Cloud Run's own check would ask for Google accounts.
  const run = onRequest({ ...optionsOf(declaration), invoker: "public" }, (request, response) => {
    leaveDomain();
    return withLogIds({}, () => serve(request, response, { path, load: loadPaths }));
  });
  return Object.assign(declare(run, declaration), { loadPaths });
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { path, load }: { path: string; load: () => Promise<Paths> },
): Promise<void> {
  let reply: Reply;
  try {
    const { routes, id, search } = find(await load(), path, request.url ?? "/");
    // HEAD is answered like GET; Node leaves out the body.
    const found = routes[request.method === "HEAD" ? "GET" : (request.method ?? "")];
    if (found === undefined) {
      response.setHeader("Allow", allowed(routes));
      throw new ApiError("method_not_allowed", `${request.method} is not allowed here`);
    }
    reply = await found.answer({ request, id, search, now: new Date() });
  } catch (error) {
    // The caller hung up before its body was read: nobody is left to answer.
    if (error === request.errored) return;
    const refusal = error instanceof ApiError ? error : unexpected(error);
    reply = { status: refusal.status, body: refusal.body() };
  }
  const { headers, text } = rendered(reply.body);
  // A caller that is still sending its body is not waited for.
  if (reply.status === 408) response.setHeader("Connection", "close");
  response.writeHead(reply.status, { ...headers, "Cache-Control": "no-store" });
  response.end(text);
}

function allowed(routes: Readonly<Record<string, Route>>): string {
  return Object.keys(routes)
    .flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]))
    .join(", ");
}

function rendered(body: object): { headers: Record<string, string>; text: string } {
  if (!(body instanceof HtmlPage)) {
    return { headers: { "Content-Type": "application/json" }, text: JSON.stringify(body) };
  }
  return { headers: PAGE_HEADERS, text: body.markup };
}

// A page's address may hold a token, so no referrer is sent and nobody may frame the page.
const PAGE_HEADERS = {
  "Content-Type": "text/html; charset=utf-8",
  "Content-Security-Policy":
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};

function unexpected(error: unknown): ApiError {
  const requestId = randomUUID();
  logError("A request failed", error, { request: requestId });
  return new ApiError("internal", `Something went wrong on our side; the request's id is ${requestId}`);
}

/** Behind Hosting, a function sees its whole path; at its own address, only what follows its name. */
function find(paths: Paths, base: string, url: string) {
  const [pathname = "/", ...query] = url.split("?");
  const full = withoutSlashes(pathname);
  const rest = full === base || full.startsWith(`${base}/`) ? full.slice(base.length) : full;
  const id = /^\/(\d{1,10})$/.exec(rest)?.[1];
  const routes = id === undefined ? named(paths, rest) : paths["/:id"];
  if (routes === undefined) throw new ApiError("not_found", "No route at this path");
  return { routes, id: Number(id ?? 0), search: new URLSearchParams(query.join("?")) };
}

/** Without the slashes at its end. Looks at a run of slashes once: trying each of 16,000 takes half a second. */
export function withoutSlashes(path: string): string {
  return path.replace(/(?<!\/)\/+$/, "");
}

function named(paths: Paths, rest: string) {
  if (rest.includes(":")) return undefined;
  return rest.startsWith("/") ? paths[`/${rest.slice(1)}`] : rest === "" ? paths["/"] : undefined;
}

function parseWithinReason(text: string): unknown {
  checkJsonSize(text);
  return JSON.parse(text);
}

/** Parses a body's text with `parse`. @throws ApiError 400 where that throws a SyntaxError */
export function parseJsonText<T>(text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ApiError("invalid_json", `The body is not valid JSON: ${error.message}`, { cause: error });
  }
}

// A person reads the answer to correct the request. A megabyte can be wrong in 100,000 places.
const MAX_DETAILS = 20;
const MAX_PATH = 200;

/** Checks a caller's input. @throws ApiError 422 that lists what is wrong and where */
export function accept<S extends z.ZodType>(schema: S, sent: unknown): z.output<S> {
  const parsed = schema.safeParse(sent);
  if (parsed.success) return parsed.data;
  const details = parsed.error.issues.slice(0, MAX_DETAILS).map(({ path, message }) => ({
    path: pathText(path),
    message: message.slice(0, MAX_PATH),
  }));
  throw invalidRequest(details, parsed.error);
}

/** `domains[0].name` */
function pathText(path: readonly PropertyKey[]): string {
  const text = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");
  return text.replace(/^\./, "").slice(0, MAX_PATH);
}
