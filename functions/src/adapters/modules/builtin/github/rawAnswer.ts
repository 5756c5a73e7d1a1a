import type { GithubOrganization, GithubRepository } from "./githubApi.ts";

/** The raw answer for one organization, field for field as the external github module gives it. */
export function rawAnswer(organization: GithubOrganization, repositories: readonly GithubRepository[]) {
  const sum = (count: (repository: GithubRepository) => number) =>
    repositories.reduce((total, repository) => total + count(repository), 0);
  return {
    name: organization.name ?? null,
    description: organization.description ?? null,
    url: organization.html_url,
    repos: repositories.map(rawRepository),
    aggregated_sum_size: sum(({ size }) => size),
    aggregated_sum_watchers_count: sum(({ watchers_count }) => watchers_count),
    aggregated_sum_open_issues_count: sum(({ open_issues_count }) => open_issues_count),
    aggregated_sum_stars: sum(({ stargazers_count }) => stargazers_count),
    aggregated_sum_forks: sum(({ forks_count }) => forks_count),
  };
}

function rawRepository(repository: GithubRepository) {
  const { stargazers_count, forks_count, created_at, updated_at, pushed_at, ...asItCame } = repository;
  return {
    ...asItCame,
    stars: stargazers_count,
    forks: forks_count,
    created_at: pythonDate(created_at),
    updated_at: pythonDate(updated_at),
    pushed_at: pushed_at === null ? null : pythonDate(pushed_at),
  };
}

/** As Python prints a datetime in UTC: `2021-01-01 00:00:00+00:00`. */
function pythonDate(iso: string): string {
  return new Date(iso)
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, "+00:00");
}
