import { readFile } from "node:fs/promises";
import type { Product } from "./producthunt/producthunt.ts";

/** The tables of values, by the type that they hold. */
export const VALUE_TYPES = [
  "text",
  "paragraph",
  "comment",
  "link",
  "image",
  "int",
  "bigint",
  "float",
  "bool",
  "date",
] as const;

export type ValueCounts = Readonly<Partial<Record<(typeof VALUE_TYPES)[number], number>>>;

/** The expected result of an input, counted from the input by code independent of mining and normalizing. */
export interface Expectation {
  readonly succeeded: number;
  readonly failed: number;
  readonly rawDocuments: number;
  readonly values: ValueCounts;
  readonly issues: number;
}

/** A history gives one raw document with one number per line after the header. */
export async function expectationOfShares(file: string, companies: number): Promise<Expectation> {
  const [, ...lines] = (await readFile(file, "utf8")).trim().split("\n");
  return {
    succeeded: companies,
    failed: 0,
    rawDocuments: lines.length,
    values: { float: lines.length },
    issues: 0,
  };
}

/** The counted part of GitHub's answers about an organization and its repositories. */
export interface GithubAnswers {
  readonly organization: Readonly<Record<string, unknown>>;
  readonly repositories: readonly Readonly<Record<string, unknown>>[];
}

const REPOSITORY_FIELDS = {
  text: ["name", "language"],
  paragraph: ["description"],
  link: ["html_url", "clone_url", "svn_url", "homepage"],
  date: ["created_at", "updated_at", "pushed_at"],
  int: ["size", "watchers_count", "open_issues_count", "stargazers_count", "forks_count"],
} as const;

const SUMS = 5;

/** An organization gives one raw document: its name, description and URL, five sums, and its repositories. */
export function expectationOfGithub(organizations: readonly GithubAnswers[]): Expectation {
  const repositories = organizations.flatMap((answers) => answers.repositories);
  const ofOrganizations = present(
    organizations.map(({ organization }) => organization),
    ["name", "description"],
  );
  return {
    succeeded: organizations.length,
    failed: 0,
    rawDocuments: organizations.length,
    values: {
      text: ofOrganizations + present(repositories, REPOSITORY_FIELDS.text),
      paragraph: present(repositories, REPOSITORY_FIELDS.paragraph),
      link: organizations.length + present(repositories, REPOSITORY_FIELDS.link),
      date: present(repositories, REPOSITORY_FIELDS.date),
      int: SUMS * organizations.length + present(repositories, REPOSITORY_FIELDS.int),
    },
    issues: 0,
  };
}

function present(objects: readonly Readonly<Record<string, unknown>>[], fields: readonly string[]): number {
  return fields.reduce(
    (count, field) => count + objects.filter((object) => (object[field] ?? null) !== null).length,
    0,
  );
}

/** A product page gives one raw document; a review without a valid date gives an issue instead. */
export function expectationOfProducts(found: readonly Product[], missing: number): Expectation {
  const reviews = found.flatMap((product) => product.reviews);
  const dated = reviews.filter(({ date }) => !Number.isNaN(Date.parse(date))).length;
  return {
    succeeded: found.length,
    failed: missing,
    rawDocuments: found.length,
    values: {
      text: found.length,
      float: found.length,
      int: 2 * found.length,
      comment: reviews.length,
      date: dated,
    },
    issues: reviews.length - dated,
  };
}
