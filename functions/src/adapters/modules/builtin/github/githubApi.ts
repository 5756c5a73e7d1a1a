import { retry } from "@octokit/plugin-retry";
import { throttling } from "@octokit/plugin-throttling";
import { Octokit } from "@octokit/rest";
import { z } from "zod";
import { ModuleError } from "../../../../domain/miningModule/moduleError.ts";
import { githubConfig } from "../../../../platform/config.ts";

const organization = z.object({
  login: z.string(),
  // GitHub leaves the name out where none was ever set.
  name: z.string().nullish(),
  description: z.string().nullish(),
  html_url: z.string(),
  // Its website, as its owners typed it.
  blog: z.string().nullish(),
});

const repository = z.object({
  name: z.string(),
  description: z.string().nullable(),
  stargazers_count: z.number(),
  forks_count: z.number(),
  language: z.string().nullable(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  // Null until the first push.
  pushed_at: z.iso.datetime().nullable(),
  html_url: z.string(),
  clone_url: z.string(),
  svn_url: z.string(),
  homepage: z.string().nullable(),
  size: z.number(),
  watchers_count: z.number(),
  open_issues_count: z.number(),
});

const userSearch = z.object({ items: z.array(z.object({ login: z.string() })) });

export type GithubOrganization = z.output<typeof organization>;
export type GithubRepository = z.output<typeof repository>;

// A try of the whole call costs more than a short wait here; longer ones are left to the queue's back-off.
const LONGEST_RATE_LIMIT_WAIT_SECONDS = 10;
// After one second. The next would come after four more.
const RETRIES = 1;
const REPOSITORIES_PER_PAGE = 100;

const ThrottledOctokit = Octokit.plugin(retry, throttling);

/** The GitHub REST API, as far as mining needs it. Every method rejects with a {@link ModuleError}. */
export interface GithubApi {
  organization(handle: string): Promise<GithubOrganization>;
  repositories(handle: string): Promise<GithubRepository[]>;
  /** The logins of the organizations that GitHub finds for a name, best first. */
  searchOrganizations(name: string, count: number): Promise<string[]>;
}

/** Connects to the configured GitHub. Nothing is asked any more once `signal` aborts. */
export function githubApi(signal: AbortSignal): GithubApi {
  const octokit = connect(signal);
  const ask = <T>(what: string, request: () => Promise<T>) => askGithub(signal, what, request);
  return {
    organization: (handle) =>
      ask(`organization ${handle}`, async () =>
        parseAnswer(organization, (await octokit.rest.orgs.get({ org: handle })).data),
      ),
    repositories: (handle) =>
      ask(`repositories of ${handle}`, async () => {
        const pages = octokit.paginate.iterator(octokit.rest.repos.listForOrg, {
          org: handle,
          per_page: REPOSITORIES_PER_PAGE,
        });
        const all: GithubRepository[] = [];
        for await (const page of pages) all.push(...parseAnswer(repository.array(), page.data));
        return all;
      }),
    searchOrganizations: (name, count) =>
      ask(`organizations named ${name}`, async () => {
        const answer = await octokit.rest.search.users({ q: `${name} type:org`, per_page: count });
        return parseAnswer(userSearch, answer.data).items.map(({ login }) => login);
      }),
  };
}

function connect(signal: AbortSignal) {
  const { GITHUB_API_URL, GITHUB_TOKEN } = githubConfig();
  const waitIfShort = (seconds: number, _options: unknown, _octokit: unknown, waits: number) =>
    waits === 0 && seconds <= LONGEST_RATE_LIMIT_WAIT_SECONDS;
  const silent = () => undefined;
  return new ThrottledOctokit({
    baseUrl: GITHUB_API_URL.replace(/\/$/, ""),
    // A secret that was typed into a console often ends with a newline.
    ...(GITHUB_TOKEN?.trim() ? { auth: GITHUB_TOKEN.trim() } : {}),
    request: { signal },
    // 429 is a rate limit, and waited for as one.
    retry: { retries: RETRIES, doNotRetry: [400, 401, 403, 404, 410, 422, 429, 451] },
    throttle: { onRateLimit: waitIfShort, onSecondaryRateLimit: waitIfShort },
    // What goes wrong is told once, by the error.
    log: { debug: silent, info: silent, warn: silent, error: silent },
  });
}

async function askGithub<T>(signal: AbortSignal, what: string, request: () => Promise<T>): Promise<T> {
  try {
    return await unlessAborted(signal, request);
  } catch (error) {
    if (error instanceof ModuleError) throw error;
    if (signal.aborted) {
      throw new ModuleError("Timeout", `GitHub did not answer in time for ${what}`, {
        retryable: true,
        cause: error,
      });
    }
    throw moduleErrorOf(error, what);
  }
}

/** The plugins' waits between two tries do not know the signal: this one does. */
async function unlessAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work(), aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function parseAnswer<S extends z.ZodType>(schema: S, answer: unknown): z.output<S> {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  // octokit hands over as text what is not JSON: a proxy's page, or an answer that broke off.
  throw new ModuleError("InvalidAnswer", `GitHub answered unexpectedly: ${z.prettifyError(parsed.error)}`, {
    retryable: typeof answer === "string",
    cause: parsed.error,
  });
}

const requestError = z.object({
  status: z.number(),
  message: z.string(),
  response: z.object({ headers: z.record(z.string(), z.unknown()) }).optional(),
});

function moduleErrorOf(error: unknown, what: string): unknown {
  const parsed = requestError.safeParse(error);
  if (!parsed.success) return error;
  const { status, message, response } = parsed.data;
  const failed = (type: string, text: string, retryable: boolean, blames: "source" | "company" = "source") =>
    new ModuleError(type, text, { retryable, blames, cause: error });

  // octokit gives a request without any answer the status 500.
  if (response === undefined) return failed("Unreachable", `GitHub cannot be reached: ${message}`, true);
  if (status === 429 || (status === 403 && isRateLimit(message, response.headers))) {
    const text = `GitHub's rate limit is used up, asking for ${what}: ${message}`;
    const retryAfterSeconds = secondsToWait(response.headers);
    return new ModuleError("RateLimited", text, { retryable: true, retryAfterSeconds, cause: error });
  }
  if (status === 404) return failed("NotFound", `GitHub does not know ${what}`, false, "company");
  if (status === 401) return failed("BadCredentials", `GitHub refuses GITHUB_TOKEN: ${message}`, false);
  const blames = status === 403 || status >= 500 ? "source" : "company";
  return failed(
    `HttpStatus${status}`,
    `GitHub answered ${status} for ${what}: ${message}`,
    status >= 500,
    blames,
  );
}

/** When GitHub may be asked again, as its headers say: after some seconds, or at a Unix time. */
function secondsToWait(headers: Record<string, unknown>): number | undefined {
  const after = Number(headers["retry-after"] ?? Number.NaN);
  if (Number.isFinite(after)) return after;
  const reset = Number(headers["x-ratelimit-reset"] ?? Number.NaN);
  if (headers["x-ratelimit-remaining"] !== "0" || !Number.isFinite(reset)) return undefined;
  return Math.max(1, Math.ceil(reset - Date.now() / 1000));
}

function isRateLimit(message: string, headers: Record<string, unknown>): boolean {
  return (
    headers["x-ratelimit-remaining"] === "0" ||
    headers["retry-after"] !== undefined ||
    /rate limit/i.test(message)
  );
}
