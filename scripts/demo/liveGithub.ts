import { z } from "zod";
import { messageOf, UserError } from "../userError.ts";
import type { GithubAnswers } from "./expectation.ts";

const object = z.record(z.string(), z.unknown());

const REPOSITORIES_PER_PAGE = 100;

/** Asks the GitHub API for an organization and all its repositories, to know what mining should find. */
export async function askGithub(apiUrl: string, token: string, login: string): Promise<GithubAnswers> {
  const ask = async (path: string) => {
    const response = await fetch(apiUrl + path, {
      headers: token === "" ? {} : { Authorization: `Bearer ${token}` },
    });
    if (!response.ok) throw new Error(`${path} was answered ${response.status}: ${await response.text()}`);
    return response.json();
  };
  try {
    const organization = object.parse(await ask(`/orgs/${login}`));
    const repositories: Record<string, unknown>[] = [];
    for (let page = 1; ; page += 1) {
      const path = `/orgs/${login}/repos?per_page=${REPOSITORIES_PER_PAGE}&page=${page}`;
      const found = object.array().parse(await ask(path));
      repositories.push(...found);
      if (found.length < REPOSITORIES_PER_PAGE) return { organization, repositories };
    }
  } catch (error) {
    throw new UserError(
      `Could not reach the GitHub API (${messageOf(error)}). Omit --live to use recorded answers, or set ` +
        "GITHUB_TOKEN if you have reached the rate limit for anonymous calls.",
      { cause: error },
    );
  }
}
