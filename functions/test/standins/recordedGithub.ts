import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { projectDir } from "../../../scripts/paths.ts";
import { type Answer, type HttpServer, serveHttp } from "./httpServer.ts";

const recordingsDir = join(projectDir, "node_modules", "@octokit", "fixtures", "scenarios", "api.github.com");

const recording = z.array(z.object({ response: z.unknown() }));
const organization = z.looseObject({ login: z.string(), public_repos: z.number(), html_url: z.string() });
const repository = z.looseObject({
  id: z.number(),
  full_name: z.string(),
  stargazers_count: z.number(),
  owner: z.object({ login: z.string() }),
});

type RecordedRepository = z.output<typeof repository>;

/** What the recorded answers of GitHub say of their one organization. */
export interface RecordedOrganization {
  readonly login: string;
  readonly organization: Readonly<Record<string, unknown>>;
  readonly repositories: readonly RecordedRepository[];
}

/**
 * Reads the answers of api.github.com that the package \@octokit/fixtures has recorded: the organization, and
 * every repository of it that any of them shows, as it was last seen.
 */
export function readRecordings(): RecordedOrganization {
  const answers = globSync("*/raw-fixture.json", { cwd: recordingsDir })
    .sort()
    .flatMap((file) => recording.parse(JSON.parse(readFileSync(join(recordingsDir, file), "utf8"))))
    .map(({ response }) => response);
  const found = answers.map((answer) => organization.safeParse(answer)).find(({ success }) => success)?.data;
  if (found === undefined) throw new Error(`${recordingsDir} has no recorded organization`);
  const repositories = new Map<number, RecordedRepository>();
  for (const answer of answers) {
    const { data } = repository.safeParse(answer);
    if (data && data.owner.login === found.login) repositories.set(data.id, data);
  }
  return { login: found.login, organization: found, repositories: [...repositories.values()] };
}

interface RecordedGithubOptions {
  /** The most repositories on one page, so that few are enough for several pages. */
  readonly pageSize: number;
  /** Answers a request in another way than the recordings. */
  readonly intercept?: (url: URL) => Answer | undefined;
}

/** Serves the recorded answers as api.github.com does, with its URLs turned to the server itself. */
export async function startRecordedGithub({
  pageSize,
  intercept,
}: RecordedGithubOptions): Promise<HttpServer> {
  const recorded = readRecordings();
  const server = await serveHttp((_request, requested) => {
    const url = new URL(requested.pathname + requested.search, server.url);
    const answer = intercept?.(url) ?? answerFromRecordings(recorded, url, pageSize);
    const body = JSON.stringify(answer.body).replaceAll("https://api.github.com", server.url);
    return { ...answer, body };
  });
  return server;
}

function answerFromRecordings(recorded: RecordedOrganization, url: URL, pageSize: number): Answer {
  const { login, organization, repositories } = recorded;
  switch (url.pathname) {
    case `/orgs/${login}`:
      return { status: 200, body: organization };
    case `/orgs/${login}/repos`:
      return page(repositories, url, pageSize);
    case "/search/users": {
      const name = (url.searchParams.get("q") ?? "").replace(" type:org", "").toLowerCase();
      const items = login.includes(name.replaceAll(" ", "-")) ? [organization] : [];
      return { status: 200, body: { total_count: items.length, incomplete_results: false, items } };
    }
    default:
      return {
        status: 404,
        body: { message: "Not Found", documentation_url: "https://docs.github.com/rest", status: "404" },
      };
  }
}

function page(repositories: readonly RecordedRepository[], url: URL, pageSize: number): Answer {
  const size = Math.min(Number(url.searchParams.get("per_page") ?? "30"), pageSize);
  const number = Number(url.searchParams.get("page") ?? "1");
  const last = Math.max(1, Math.ceil(repositories.length / size));
  const link = (rel: string, to: number) => {
    const target = new URL(url);
    target.searchParams.set("page", String(to));
    return `<${target}>; rel="${rel}"`;
  };
  const links = [
    ...(number > 1 ? [link("prev", number - 1), link("first", 1)] : []),
    ...(number < last ? [link("next", number + 1), link("last", last)] : []),
  ];
  return {
    status: 200,
    headers: links.length > 0 ? { link: links.join(", ") } : {},
    body: repositories.slice((number - 1) * size, number * size),
  };
}
