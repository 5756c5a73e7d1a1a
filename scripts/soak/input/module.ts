import type { IncomingMessage } from "node:http";
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { type Answer, bodyOf, serveHttp } from "../../../functions/test/standins/httpServer.ts";
import { tokenProblem } from "../../../functions/test/standins/moduleProtocol.ts";
import { whenStopping } from "../../stack/shutdown.ts";
import { Progress } from "../progress.ts";
import type { SoakDocument, SoakSource } from "./soakInput.ts";

/** What the modules of the made-up sources did. */
export interface ModuleLog {
  /** The ids of the documents that the backend said it keeps. */
  readonly accepted: Set<string>;
  /** How often the backend had to be asked again. */
  repeated: number;
  /** Answers that were not what they had to be. */
  readonly surprises: string[];
}

export interface SoakModuleOptions {
  readonly sources: readonly SoakSource[];
  /** Where the backend's routes are. */
  readonly analyticsUrl: string;
  readonly sharedSecret: string;
}

/** The modules of the made-up sources, in this process. */
export interface SoakModules {
  readonly url: string;
  /** From now on they mine by this progress. @returns what they do from now on */
  begin(progress: Progress): ModuleLog;
}

interface State extends SoakModuleOptions {
  progress: Progress;
  log: ModuleLog;
  /** Which document a call of a task is about: asked again, it feeds the same. */
  readonly given: Map<string, number | undefined>;
}

/**
 * Serves the modules, each below the path of its source's name. They feed what is next of a company, and ask again
 * until the backend has taken it, as a module must that wants to lose nothing.
 */
export async function startSoakModules(options: SoakModuleOptions): Promise<SoakModules> {
  const state: State = { ...options, progress: new Progress(), log: emptyLog(), given: new Map() };
  const server = await serveHttp((request, url) => answer(state, request, url));
  whenStopping(server.stop);
  return {
    url: server.url,
    begin: (next) => {
      state.progress = next;
      state.log = emptyLog();
      state.given.clear();
      return state.log;
    },
  };
}

function emptyLog(): ModuleLog {
  return { accepted: new Set(), repeated: 0, surprises: [] };
}

async function answer(state: State, request: IncomingMessage, { pathname }: URL): Promise<Answer> {
  const [, name = "", route = ""] = pathname.split("/");
  const source = state.sources.find((one) => one.name === name);
  if (source?.origin.kind !== "module") return { status: 404, body: { detail: "Not Found" } };
  const problem = tokenProblem(request.headers.authorization, state.sharedSecret);
  if (problem !== undefined) return { status: 401, body: { detail: problem } };
  if (route === "initialize") {
    const normalization_map = { Source: name, Mappings: source.origin.mappings };
    return { status: 200, body: { frequency: "weekly", normalization_map } };
  }
  if (route !== "companies") return { status: 404, body: { detail: "Not Found" } };
  return mine(state, source, request);
}

const companiesBody = z.object({
  task_id: z.int(),
  companies: z.record(z.string(), z.record(z.string(), z.array(z.string()))),
});

async function mine(state: State, source: SoakSource, request: IncomingMessage): Promise<Answer> {
  const { task_id, companies } = companiesBody.parse(JSON.parse(await bodyOf(request)));
  const token = request.headers.authorization ?? "";
  for (const [companyId, identifiers] of Object.entries(companies)) {
    const document = nextDocument(state, source, task_id, Object.values(identifiers).flat()[0]);
    if (document === undefined) continue;
    const body = feedBody(source.name, companyId, document);
    const feeds = Array.from({ length: document.twice ? 2 : 1 }, () =>
      post(state, "/feed-raw-data", { body, token }),
    );
    for (const { document_id } of (await Promise.all(feeds)).map((text) => fed.parse(JSON.parse(text)))) {
      state.log.accepted.add(document_id);
    }
  }
  await post(state, "/crawling-finished", { body: JSON.stringify({ task_id, errors: {} }), token });
  return { status: 200, body: {} };
}

const fed = z.object({ document_id: z.string() });

function nextDocument(
  { progress, given }: State,
  source: SoakSource,
  taskId: number,
  handle: string | undefined,
): SoakDocument | undefined {
  const company = source.companies.find(({ value }) => value === handle);
  if (company === undefined) return undefined;
  const call = `${taskId} ${company.name}`;
  if (!given.has(call)) given.set(call, progress.next(source.name, company.name));
  const number = given.get(call);
  return number === undefined ? undefined : company.documents[number];
}

/** Written by hand, as the answer is text: some have numbers that JavaScript does not. */
function feedBody(source: string, companyId: string, { text, observedAt }: SoakDocument): string {
  const head = JSON.stringify({ source_name: source, company_id: companyId, observed_at: observedAt });
  return `${head.slice(0, -1)},"raw_data":${text}}`;
}

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 2_000;
// The token of a call lives a little longer than the call may.
const MAX_TRIES = 30;

async function post(
  { analyticsUrl, log }: State,
  path: string,
  { body, token }: { body: string; token: string },
): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const { status, text } = await postOnce(new URL(path, analyticsUrl), body, token);
    if (status === 200 || status === 201) return text;
    if (status < 500 || attempt === MAX_TRIES) {
      const surprise = `POST ${path} was answered ${status}: ${text}`;
      log.surprises.push(surprise);
      throw new Error(surprise);
    }
    log.repeated += 1;
    await setTimeout(Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1)));
  }
}

async function postOnce(url: URL, body: string, token: string): Promise<{ status: number; text: string }> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: token },
      body,
    });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    return { status: 503, text: error instanceof Error ? error.message : String(error) };
  }
}
