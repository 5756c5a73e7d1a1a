import type { IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import { z } from "zod";
import { type Answer, serveHttp } from "./httpServer.ts";
import { blockErrors } from "./slackBlockLimits.ts";
import { messagesPage } from "./slackPage.ts";

/** A channel of the workspace. */
interface StandInChannel {
  readonly id: string;
  readonly name: string;
  readonly isPrivate?: boolean;
  readonly isArchived?: boolean;
  /** Whether the bot was invited. */
  readonly isMember?: boolean;
}

/** What the stand-in answers in place of what it would, having done what it was asked for, or not. */
type Trouble =
  | { readonly kind: "rate limit"; readonly retryAfterSeconds: number }
  | { readonly kind: "status"; readonly status: number; readonly body?: string; readonly isWorkDone?: true }
  | { readonly kind: "error"; readonly error: string; readonly isWorkDone?: true }
  /** Never answers. */
  | { readonly kind: "hang"; readonly isWorkDone?: true };

/** A message as the channel has it. */
export interface StandInMessage {
  readonly channel: string;
  readonly ts: string;
  readonly text: string;
  readonly blocks: readonly unknown[];
  readonly metadata: unknown;
  readonly postedAt: string;
}

export interface SlackOptions {
  /** The bot tokens that are valid. */
  readonly tokens?: readonly string[];
  readonly revokedTokens?: readonly string[];
  readonly channels?: readonly StandInChannel[];
  readonly scopes?: readonly string[];
  /** The most channels on a page, so that few are enough for several pages. */
  readonly pageSize?: number;
  /** How many messages that show a fresh file are refused, as long as Slack works on the file. */
  readonly postsUntilFilesAreReady?: number;
  /** Is told of each call, once the work is done and before the caller is answered. */
  readonly onCall?: (method: string) => void;
}

/** Slack on this machine. */
export interface SlackStandIn {
  /** For SLACK_API_URL. */
  readonly apiUrl: string;
  /** A page that shows the messages; `/messages` has them as JSON. */
  readonly pageUrl: string;
  messages(): readonly StandInMessage[];
  /** The methods that were called, in order. */
  calls(): readonly string[];
  /** Makes the next calls of a method fail. */
  trouble(method: string, trouble: Trouble, times?: number): void;
  stop(): Promise<void>;
}

export const STAND_IN_TOKEN = "xoxb-stand-in";

const CHANNELS: readonly StandInChannel[] = [
  { id: "C0000000001", name: "general", isMember: true },
  { id: "C0000000002", name: "portfolio-news", isMember: true },
  { id: "C0000000003", name: "deals", isPrivate: true, isMember: true },
  { id: "C0000000004", name: "old-news", isArchived: true, isMember: true },
  { id: "C0000000005", name: "not-invited", isMember: false },
];

const SCOPES = ["channels:read", "groups:read", "chat:write", "files:write", "channels:history"];

interface State {
  readonly options: Required<SlackOptions>;
  readonly messages: StandInMessage[];
  readonly calls: string[];
  readonly troubles: { method: string; trouble: Trouble; times: number }[];
  readonly files: Map<string, { png: Buffer | undefined; isComplete: boolean; refusals: number }>;
}

/**
 * Speaks as much of Slack's Web API as posting messages takes: auth.test, conversations.list and .history,
 * chat.postMessage, and the upload of files. It checks tokens, scopes, membership and the limits of Block Kit as
 * Slack does, and keeps what it received.
 */
export async function startSlackStandIn(options: SlackOptions = {}): Promise<SlackStandIn> {
  const state: State = {
    options: {
      tokens: [STAND_IN_TOKEN],
      revokedTokens: [],
      channels: CHANNELS,
      scopes: SCOPES,
      pageSize: 1_000,
      postsUntilFilesAreReady: 0,
      onCall: () => undefined,
      ...options,
    },
    messages: [],
    calls: [],
    troubles: [],
    files: new Map(),
  };
  const server = await serveHttp((request, url) => answer(state, request, new URL(url.pathname, server.url)));
  return {
    apiUrl: `${server.url}/api/`,
    pageUrl: `${server.url}/`,
    messages: () => state.messages,
    calls: () => state.calls,
    trouble: (method, trouble, times = 1) => {
      state.troubles.push({ method, trouble, times });
    },
    stop: server.stop,
  };
}

async function answer(state: State, request: IncomingMessage, url: URL): Promise<Answer> {
  const body = await buffer(request);
  if (url.pathname === "/messages") return { status: 200, body: state.messages };
  if (url.pathname.startsWith("/upload/")) return receiveFile(state, request, url, body);
  if (!url.pathname.startsWith("/api/")) return showPage(state);
  const method = url.pathname.slice("/api/".length);
  state.calls.push(method);
  const trouble = nextTrouble(state, method);
  const isWorkDone = trouble === undefined || "isWorkDone" in trouble;
  const result = isWorkDone ? callMethod(state, method, request, body, url) : undefined;
  state.options.onCall(method);
  switch (trouble?.kind) {
    case "rate limit":
      return {
        status: 429,
        headers: { "retry-after": String(trouble.retryAfterSeconds) },
        body: failure("ratelimited"),
      };
    case "status":
      return { status: trouble.status, body: trouble.body ?? "upstream trouble" };
    case "error":
      return { status: 200, body: failure(trouble.error) };
    case "hang":
      return new Promise(() => undefined);
    default:
      return { status: 200, body: result };
  }
}

function nextTrouble(state: State, method: string): Trouble | undefined {
  const next = state.troubles.find((one) => one.method === method && one.times > 0);
  if (next === undefined) return undefined;
  next.times -= 1;
  return next.trouble;
}

function failure(error: string, more: object = {}): object {
  return { ok: false, error, ...more };
}

const SCOPE_OF: Readonly<Record<string, string>> = {
  "chat.postMessage": "chat:write",
  "conversations.list": "channels:read",
  "conversations.history": "channels:history",
  "files.getUploadURLExternal": "files:write",
  "files.completeUploadExternal": "files:write",
};

function callMethod(state: State, method: string, request: IncomingMessage, body: Buffer, url: URL): object {
  const form = new URLSearchParams(body.toString("utf8"));
  const token = (request.headers.authorization ?? "").replace(/^Bearer /, "") || form.get("token");
  const { tokens, revokedTokens, scopes } = state.options;
  if (token === null || token === "") return failure("not_authed");
  if (revokedTokens.includes(token)) return failure("token_revoked");
  if (!tokens.includes(token)) return failure("invalid_auth");
  const needed = SCOPE_OF[method];
  if (needed !== undefined && !scopes.includes(needed)) {
    return failure("missing_scope", { needed, provided: scopes.join(",") });
  }
  switch (method) {
    case "auth.test":
      return { ok: true, url: url.origin, team: "Stand-in", user: "parma", team_id: "T0000000001" };
    case "conversations.list":
      return listChannels(state, form);
    case "conversations.history":
      return history(state, form);
    case "chat.postMessage":
      return postMessage(state, form);
    case "files.getUploadURLExternal":
      return startUpload(state, form, url);
    case "files.completeUploadExternal":
      return completeUpload(state, form);
    default:
      return failure("unknown_method");
  }
}

function listChannels({ options }: State, form: URLSearchParams): object {
  const types = (form.get("types") ?? "public_channel").split(",");
  if (types.includes("private_channel") && !options.scopes.includes("groups:read")) {
    return failure("missing_scope", { needed: "groups:read", provided: options.scopes.join(",") });
  }
  const all = options.channels.filter(
    ({ isPrivate = false, isArchived = false, isMember = false }) =>
      types.includes(isPrivate ? "private_channel" : "public_channel") &&
      (form.get("exclude_archived") !== "true" || !isArchived) &&
      (!isPrivate || isMember),
  );
  const start = Number(form.get("cursor") ?? "0");
  const end = start + Math.min(Number(form.get("limit") ?? "100"), options.pageSize);
  const channels = all.slice(start, end).map(({ id, name, isPrivate = false, isMember = false }) => ({
    id,
    name,
    is_private: isPrivate,
    is_member: isMember,
  }));
  return { ok: true, channels, response_metadata: { next_cursor: end < all.length ? String(end) : "" } };
}

function history({ messages }: State, form: URLSearchParams): object {
  const oldest = Number(form.get("oldest") ?? "0");
  const found = messages.filter(({ channel, ts }) => channel === form.get("channel") && Number(ts) >= oldest);
  const shown = found.map(({ ts, text, metadata }) => ({ type: "message", ts, text, metadata }));
  return { ok: true, messages: shown.toReversed(), has_more: false };
}

const json = z.string().transform((text): unknown => JSON.parse(text));

function postMessage(state: State, form: URLSearchParams): object {
  const wanted = form.get("channel") ?? "";
  const channel = state.options.channels.find(({ id, name }) => id === wanted || `#${name}` === wanted);
  if (channel === undefined) return failure("channel_not_found");
  if (channel.isArchived) return failure("is_archived");
  if (!channel.isMember) return failure("not_in_channel");
  const blocks = z.array(z.unknown()).parse(json.parse(form.get("blocks") ?? "[]"));
  const errors = blockErrors(blocks, (file) => isFileReady(state, file));
  if (errors.length > 0)
    return failure("invalid_blocks", { errors, response_metadata: { messages: errors } });
  if ((form.get("text") ?? "") === "" && blocks.length === 0) return failure("no_text");
  const postedAt = new Date();
  const ts = `${Math.floor(postedAt.getTime() / 1_000)}.${String(state.messages.length + 1).padStart(6, "0")}`;
  state.messages.push({
    channel: channel.id,
    ts,
    text: form.get("text") ?? "",
    blocks,
    metadata: json.parse(form.get("metadata") ?? "null"),
    postedAt: postedAt.toISOString(),
  });
  return { ok: true, channel: channel.id, ts };
}

function isFileReady({ files }: State, id: string): boolean {
  const file = files.get(id);
  if (file?.png === undefined || !file.isComplete) return false;
  file.refusals -= 1;
  return file.refusals < 0;
}

function startUpload({ files, options }: State, form: URLSearchParams, url: URL): object {
  if (!(Number(form.get("length")) > 0)) return failure("invalid_arguments");
  const id = `F${String(files.size + 1).padStart(10, "0")}`;
  files.set(id, { png: undefined, isComplete: false, refusals: options.postsUntilFilesAreReady });
  return { ok: true, file_id: id, upload_url: `${url.origin}/upload/${id}` };
}

async function receiveFile(
  { files }: State,
  request: IncomingMessage,
  url: URL,
  body: Buffer,
): Promise<Answer> {
  const file = files.get(url.pathname.slice("/upload/".length));
  if (file === undefined) return { status: 404, body: "no such upload" };
  const type = request.headers["content-type"] ?? "";
  const form = await new Response(Uint8Array.from(body), { headers: { "content-type": type } }).formData();
  const part = [...form.values()][0];
  if (part instanceof Blob) file.png = Buffer.from(await part.arrayBuffer());
  return { status: 200, body: "OK" };
}

function completeUpload({ files }: State, form: URLSearchParams): object {
  const wanted = z.array(z.object({ id: z.string() })).parse(json.parse(form.get("files") ?? "[]"));
  for (const { id } of wanted) {
    const file = files.get(id);
    if (file?.png === undefined) return failure("file_not_found");
    file.isComplete = true;
  }
  return { ok: true, files: wanted.map(({ id }) => ({ id, title: "Chart" })) };
}

function showPage({ messages, options, files }: State): Answer {
  const names = new Map(options.channels.map(({ id, name }) => [id, name]));
  const images = new Map(
    [...files].flatMap(([id, { png }]) => (png === undefined ? [] : [[id, png] as const])),
  );
  return {
    status: 200,
    headers: { "content-type": "text/html; charset=utf-8" },
    body: messagesPage(messages, names, images),
  };
}
