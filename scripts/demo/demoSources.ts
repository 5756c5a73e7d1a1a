import { join } from "node:path";
import { projectDir } from "../paths.ts";
import type { Source } from "../stack/register.ts";
import type { NewRule } from "../stack/subscribers.ts";
import {
  type Expectation,
  expectationOfGithub,
  expectationOfProducts,
  expectationOfShares,
  type GithubAnswers,
} from "./expectation.ts";
import { products, productUrl } from "./producthunt/producthunt.ts";

/** A data source of the demo, with its expected result. */
export interface DemoSource extends Source {
  readonly expected: Expectation;
  readonly rule?: NewRule;
  /** The series to draw: a measurement's values, or how many of its dates have passed. */
  readonly chart: { readonly measurement: string; readonly of: "values" | "dates"; readonly title: string };
}

/** A source that is in the database. */
export interface RegisteredSource extends DemoSource {
  readonly id: number;
}

/** Real monthly share prices of five companies, from 2000 to 2010. */
export const sharesFile = join(projectDir, "node_modules", "vega-datasets", "data", "stocks.csv");

const SYMBOLS = [
  ["MSFT", "Microsoft"],
  ["AMZN", "Amazon"],
  ["IBM", "IBM"],
  ["GOOG", "Google"],
  ["AAPL", "Apple"],
] as const;

/** The built-in history module on the share prices. */
export async function sharesSource(): Promise<DemoSource> {
  return {
    name: "history",
    endpoint: "builtin:history",
    additionalParams: {
      file: "stocks.csv",
      companyColumn: "symbol",
      dateColumn: "date",
      measurements: { price: { name: "share price", type: "float" } },
    },
    companies: SYMBOLS.map(([value, name]) => ({ name, property: "key", value })),
    expected: await expectationOfShares(sharesFile, SYMBOLS.length),
    rule: { measurement: "share price", name: "Share price moved by 30%", thresholdPercent: 30 },
    chart: { measurement: "share price", of: "values", title: "share price in US$" },
  };
}

/** The built-in github module on GitHub's live or recorded answers. */
export function githubSource(
  organizations: readonly (GithubAnswers & { readonly name: string; readonly login: string })[],
): DemoSource {
  return {
    name: "github",
    endpoint: "builtin:github",
    companies: organizations.map(({ name, login }) => ({ name, property: "handles", value: login })),
    expected: expectationOfGithub(organizations),
    chart: { measurement: "repository creation date", of: "dates", title: "repositories" },
  };
}

const PRODUCTS = [
  ["ledgerlark", "Ledgerlark"],
  ["quillstack", "Quillstack"],
  ["tidewise", "Tidewise"],
  // Has no page, to show a failure.
  ["moonbarrow", "Moonbarrow"],
] as const;

/** The external module, on saved product pages. */
export function producthuntSource(endpoint: string): DemoSource {
  const found = PRODUCTS.flatMap(([slug]) => products.get(slug) ?? []);
  return {
    name: "producthunt",
    // With a trailing slash, as in production.
    endpoint: `${endpoint}/`,
    companies: PRODUCTS.map(([slug, name]) => ({
      name,
      property: "producthunt_url",
      value: productUrl(slug),
    })),
    expected: expectationOfProducts(found, PRODUCTS.length - found.length),
    chart: { measurement: "review date", of: "dates", title: "reviews" },
  };
}
