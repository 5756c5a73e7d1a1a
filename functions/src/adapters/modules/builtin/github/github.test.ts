import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type Answer, type HttpServer, serveHttp } from "../../../../../test/standins/httpServer.ts";
import { readRecordings, startRecordedGithub } from "../../../../../test/standins/recordedGithub.ts";
import type { ModuleError } from "../../../../domain/miningModule/moduleError.ts";
import type { BuiltinMiningRequest } from "../../builtinModule.ts";
import { github } from "./github.ts";

const recorded = readRecordings();
const source = { id: 1, name: "github", endpoint: "builtin:github", additionalParams: null };
const company = { id: 12, name: "Octokit Fixture Org" };
const now = new Date("2024-03-01T00:00:00Z");

let server: HttpServer | undefined;
let asked: string[];

beforeEach(() => {
  asked = [];
  process.env.GITHUB_TOKEN = "token-of-the-test";
});

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

/** Recorded answers, five repositories a page; `intercept` sees how often the path was asked for before. */
async function recordedGithub(
  intercept: (path: string, before: number) => Answer | undefined = () => undefined,
) {
  server = await startRecordedGithub({
    pageSize: 5,
    intercept: ({ pathname, search }) => {
      const before = asked.filter((path) => path.split("?")[0] === pathname).length;
      asked.push(pathname + search);
      return intercept(pathname, before);
    },
  });
  process.env.GITHUB_API_URL = server.url;
}

async function mine(handles: string[], options: { signal?: AbortSignal } = {}) {
  const filed: Readonly<Record<string, unknown>>[] = [];
  const request: BuiltinMiningRequest = {
    source,
    company,
    identifiers: { handles },
    cursor: undefined,
    signal: options.signal ?? AbortSignal.timeout(20_000),
    now,
    fileRawDocument: async (rawData) => {
      filed.push(rawData);
    },
  };
  const failure = await github.mine(request).then(
    () => undefined,
    (error: ModuleError) => error,
  );
  return { filed, failure };
}

describe("the built-in github module", () => {
  test("files an organization with all its repositories, over several pages", async () => {
    await recordedGithub();
    const { filed, failure } = await mine([recorded.login]);

    expect(failure).toBeUndefined();
    expect(asked).toHaveLength(1 + Math.ceil(recorded.repositories.length / 5));
    expect(filed).toHaveLength(1);
    expect(filed[0]).toMatchObject({
      name: null,
      description: null,
      url: "https://github.com/octokit-fixture-org",
      aggregated_sum_stars: 0,
      aggregated_sum_forks: 0,
    });
    const names = recorded.repositories.map(({ name }) => ({ name }));
    expect(names.length).toBeGreaterThan(15);
    expect(filed[0]).toMatchObject({ repos: names });
  });

  test("gives every field of a repository as the external module does", async () => {
    await recordedGithub((path) =>
      path.endsWith("/repos")
        ? {
            status: 200,
            body: [
              { ...recorded.repositories[0], ...measured(1), homepage: "https://testrepo.com" },
              { ...recorded.repositories[1], ...measured(10), pushed_at: null },
            ],
          }
        : undefined,
    );
    const { filed } = await mine([recorded.login]);

    expect(filed[0]).toEqual({
      name: null,
      description: null,
      url: "https://github.com/octokit-fixture-org",
      aggregated_sum_size: 11,
      aggregated_sum_watchers_count: 22,
      aggregated_sum_open_issues_count: 33,
      aggregated_sum_stars: 44,
      aggregated_sum_forks: 55,
      repos: [
        {
          ...urlsOf("tmp-scenario-add-and-remove-repository-collaborator-20220719043638491-kq8rz"),
          description: null,
          language: null,
          homepage: "https://testrepo.com",
          created_at: "2022-07-19 04:36:38+00:00",
          updated_at: "2022-07-19 04:36:38+00:00",
          pushed_at: "2022-07-19 04:36:39+00:00",
          size: 1,
          watchers_count: 2,
          open_issues_count: 3,
          stars: 4,
          forks: 5,
        },
        expect.objectContaining({ pushed_at: null, stars: 40, forks: 50 }),
      ],
    });
  });

  test("files what it can where one of several organizations is unknown", async () => {
    await recordedGithub();
    const { filed, failure } = await mine(["no-such-org", recorded.login]);

    expect(filed).toHaveLength(1);
    expect(failure).toMatchObject({
      type: "NotFound",
      message: "GitHub does not know organization no-such-org",
      retryable: false,
    });
  });

  test("waits for a short rate limit, once", async () => {
    await recordedGithub((path, before) =>
      path === `/orgs/${recorded.login}` && before === 0 ? secondaryRateLimit("1") : undefined,
    );
    const { filed, failure } = await mine([recorded.login]);

    expect(failure).toBeUndefined();
    expect(filed).toHaveLength(1);
    expect(asked.slice(0, 2)).toEqual([`/orgs/${recorded.login}`, `/orgs/${recorded.login}`]);
  });

  test("leaves a long rate limit to a later try of the call", async () => {
    await recordedGithub(() => secondaryRateLimit("600"));
    const { filed, failure } = await mine([recorded.login]);

    expect(filed).toEqual([]);
    expect(failure).toMatchObject({ type: "RateLimited", retryable: true });
    expect(asked).toHaveLength(1);
  });

  test("leaves a used-up quota to a later try of the call", async () => {
    const reset = Math.floor(Date.now() / 1000) + 3600;
    await recordedGithub(() => ({
      status: 403,
      headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(reset) },
      body: { message: "API rate limit exceeded for 10.0.0.1." },
    }));
    const { failure } = await mine([recorded.login]);

    expect(failure).toMatchObject({ type: "RateLimited", retryable: true });
  });

  test("tries again after a 500", async () => {
    await recordedGithub((path, before) =>
      path.endsWith("/repos") && before === 0
        ? { status: 500, body: { message: "Server Error" } }
        : undefined,
    );
    const { filed, failure } = await mine([recorded.login]);

    expect(failure).toBeUndefined();
    expect(filed).toHaveLength(1);
  });

  test("gives up on 503s with an error that may pass", async () => {
    await recordedGithub(() => ({ status: 503, body: { message: "Service Unavailable" } }));
    const { failure } = await mine([recorded.login]);

    expect(failure).toMatchObject({ type: "HttpStatus503", retryable: true });
    expect(asked).toHaveLength(2);
  });

  test.each([
    [401, "Bad credentials", "BadCredentials"],
    [403, "Resource not accessible by personal access token", "HttpStatus403"],
  ])("is final at once on a %d", async (status, message, type) => {
    await recordedGithub(() => ({ status, body: { message } }));
    const { failure } = await mine([recorded.login]);

    expect(failure).toMatchObject({ type, retryable: false });
    expect(failure?.message).toContain(message);
    expect(failure?.message).not.toContain("token-of-the-test");
    expect(asked).toHaveLength(1);
  });

  test("is final where GitHub answers in another shape", async () => {
    await recordedGithub((path) =>
      path.endsWith("/repos") ? { status: 200, body: [{ name: 1 }] } : undefined,
    );
    const { filed, failure } = await mine([recorded.login]);

    expect(filed).toEqual([]);
    expect(failure).toMatchObject({ type: "InvalidAnswer", retryable: false });
    expect(failure?.message).toContain("[0].name");
  });

  test("may pass where the answer broke off", async () => {
    server = await serveHttp(() => ({ status: 200, body: '{"login": "octo' }));
    process.env.GITHUB_API_URL = server.url;
    const { failure } = await mine([recorded.login]);

    expect(failure).toMatchObject({ type: "InvalidAnswer", retryable: true });
  });

  test("may pass where GitHub cannot be reached", async () => {
    await recordedGithub();
    await server?.stop();
    const { failure } = await mine([recorded.login]);

    expect(failure).toMatchObject({ type: "Unreachable", retryable: true });
  });

  test("ends when its time is over, also during a wait", async () => {
    const time = new AbortController();
    await recordedGithub(() => {
      setImmediate(() => time.abort());
      return secondaryRateLimit("3");
    });
    const { failure } = await mine([recorded.login], { signal: time.signal });

    expect(failure).toMatchObject({ type: "Timeout", retryable: true });
    expect(asked).toHaveLength(1);
  });

  const websites = (blog: string | null) => (path: string) =>
    path === `/orgs/${recorded.login}`
      ? { status: 200, body: { ...recorded.organization, blog } }
      : undefined;

  test.each(["https://www.octokit.example/about", "octokit.example", " http://blog.octokit.example "])(
    "discovers the organization whose website, %p, has the company's domain",
    async (blog) => {
      await recordedGithub(websites(blog));
      const withDomain = { ...company, domains: ["other.example", "octokit.example"] };
      await expect(github.discover(withDomain, source, now)).resolves.toEqual({
        identifiers: { handles: ["octokit-fixture-org"] },
        validity: new Date("2024-08-28T00:00:00Z"),
        proposals: [],
      });
      expect(asked[0]).toBe("/search/users?q=Octokit%20Fixture%20Org%20type%3Aorg&per_page=5");
    },
  );

  test.each([
    ["octokit.dev", ["octokit.example"], "its website is octokit.dev"],
    ["octokit.example", [], "its website is octokit.example"],
    ["https://github.com/octokit", ["octokit.example"], "its website is https://github.com/octokit"],
    ["", ["octokit.example"], "it names no website"],
    [null, [], "it names no website"],
  ])("only proposes one at %p to a company at %p", async (blog, domains, website) => {
    await recordedGithub(websites(blog));
    await expect(github.discover({ ...company, domains }, source, now)).resolves.toMatchObject({
      identifiers: { handles: [] },
      proposals: [`proposed: handles "octokit-fixture-org", if a person confirms it; ${website}`],
    });
  });

  test("discovers nothing for a name that the search does not find", async () => {
    await recordedGithub();

    await expect(github.discover({ id: 13, name: "Nobody" }, source, now)).resolves.toMatchObject({
      identifiers: { handles: [] },
    });
  });

  test("describes itself with the map of the external module", async () => {
    const { frequency, map } = await github.describe(source);

    expect(frequency).toBe("weekly");
    expect(map.Mappings).toHaveLength(9);
    expect(map.Mappings.find(({ SourceField }) => SourceField === "repos")?.NestedMappings).toHaveLength(15);
  });
});

function secondaryRateLimit(retryAfter: string): Answer {
  return {
    status: 403,
    headers: { "retry-after": retryAfter },
    body: { message: "You have exceeded a secondary rate limit. Please wait a few minutes." },
  };
}

function measured(unit: number) {
  return {
    size: unit,
    watchers_count: 2 * unit,
    open_issues_count: 3 * unit,
    stargazers_count: 4 * unit,
    forks_count: 5 * unit,
  };
}

function urlsOf(name: string) {
  const url = `https://github.com/octokit-fixture-org/${name}`;
  return { name, html_url: url, clone_url: `${url}.git`, svn_url: url };
}
