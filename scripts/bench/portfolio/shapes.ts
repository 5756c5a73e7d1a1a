import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type NormalizationMap,
  normalizationMap,
} from "../../../functions/src/domain/normalizationMap/normalizationMap.ts";
import type { RawObject } from "../../../functions/src/domain/rawDocument/losslessJson.ts";
import { projectDir } from "../../paths.ts";

/** A kind of raw answer: how it is normalized, and what it says of a company. */
export interface Shape {
  readonly name: string;
  readonly map: NormalizationMap;
  readonly answer: (company: string) => RawObject;
}

const REPOSITORIES = 50;
// About 450 bytes each.
const REPOSITORIES_IN_900_KB = 1_950;
/** The last one of these has no description, homepage and language: as many are empty in GitHub's answers. */
const REPOSITORIES_IN_A_GROUP = 3;

/** What the suites measure with: few values, some hundreds in a list, and a raw answer that Firestore cannot hold. */
export async function readShapes(): Promise<{ flat: Shape; repositories: Shape; large: Shape }> {
  const path = join(projectDir, "functions/test/fixtures/maps/github.json");
  const github = normalizationMap.parse(JSON.parse(await readFile(path, "utf8")));
  return {
    flat: flatShape,
    repositories: {
      name: "50 repositories",
      map: github,
      answer: (company) => organization(company, REPOSITORIES),
    },
    large: {
      name: "900 kB",
      map: github,
      answer: (company) => organization(company, REPOSITORIES_IN_900_KB),
    },
  };
}

const FLAT_FIELDS = {
  name: "text",
  description: "paragraph",
  website: "link",
  logo: "image",
  founded_at: "date",
  is_hiring: "bool",
  rating: "float",
  followers: "int",
  employees: "int",
  posts: "int",
  open_positions: "int",
  revenue: "float",
  country: "text",
} as const;

const flatShape: Shape = {
  name: "13 flat fields",
  map: normalizationMap.parse({
    Source: "flat",
    Mappings: Object.entries(FLAT_FIELDS).map(([SourceField, DataType]) => ({
      SourceField,
      DataType,
      MeasurementName: SourceField,
    })),
  }),
  answer: (company) => ({
    name: company,
    description: `${company} makes software for people who make software, and has done so for years.`,
    website: `https://${company}.example/`,
    logo: `https://${company}.example/logo.png`,
    founded_at: "2012-03-04T00:00:00Z",
    is_hiring: true,
    rating: 4.5,
    followers: 12_345,
    employees: 250,
    posts: 1_234,
    open_positions: 17,
    revenue: 12.75,
    country: "Germany",
  }),
};

function organization(company: string, count: number): RawObject {
  return {
    name: company,
    description: `The repositories of ${company}`,
    url: `https://github.com/${company}`,
    repos: Array.from({ length: count }, (_, index) => repository(company, index)),
    aggregated_sum_size: 1_000 * count,
    aggregated_sum_watchers_count: 50 * count,
    aggregated_sum_open_issues_count: 7 * count,
    aggregated_sum_stars: 50 * count,
    aggregated_sum_forks: 9 * count,
  };
}

function repository(company: string, index: number): RawObject {
  const isBare = index % REPOSITORIES_IN_A_GROUP === REPOSITORIES_IN_A_GROUP - 1;
  const url = `https://github.com/${company}/repository-${index}`;
  return {
    name: `repository-${index}`,
    description: isBare ? null : `What the team of ${company} needs for its part number ${index}`,
    language: isBare ? null : "TypeScript",
    created_at: "2021-01-01 00:00:00+00:00",
    updated_at: "2024-01-02 03:04:05+00:00",
    pushed_at: "2024-01-03 04:05:06+00:00",
    html_url: url,
    clone_url: `${url}.git`,
    svn_url: url,
    homepage: isBare ? null : `https://${company}.example/part-${index}`,
    size: 1_000 + index,
    watchers_count: 50 + index,
    open_issues_count: 7 + (index % 10),
    stars: 50 + index,
    forks: 9 + (index % 20),
  };
}
