import { closeToCopy, openDatabase } from "../databases.ts";
import { fillHistory } from "./history.ts";
import { makeCompanies, type ShapedCompany } from "./portfolio.ts";
import { readShapes } from "./shapes.ts";

/** Companies of each shape in a database that may be copied; those with large answers have no history. */
export interface Portfolio {
  /** The database's name, for `openDatabase`. */
  readonly template: string;
  readonly flat: readonly ShapedCompany[];
  readonly repositories: readonly ShapedCompany[];
  readonly large: readonly ShapedCompany[];
  readonly days: number;
  /** Of about so many values its history is: figures are named by it. */
  readonly values: number;
}

const LARGE_COMPANIES = 8;

/** How large a portfolio is. */
export interface PortfolioSize {
  /** Of about so many values is its history. */
  readonly values: number;
  /** So many there are of each shape. */
  readonly companies: number;
}

const made = new Map<string, Promise<Portfolio>>();

/** The portfolio of a size; made once, for all suites. */
export function portfolioOf(size: PortfolioSize): Promise<Portfolio> {
  const key = JSON.stringify(size);
  const portfolio = made.get(key) ?? makePortfolio(size);
  made.set(key, portfolio);
  return portfolio;
}

async function makePortfolio({ values, companies }: PortfolioSize): Promise<Portfolio> {
  const database = await openDatabase();
  const { db } = database;
  const shapes = await readShapes();
  const flat = await makeCompanies(db, shapes.flat, companies);
  const repositories = await makeCompanies(db, shapes.repositories, companies);
  const large = await makeCompanies(db, shapes.large, Math.min(companies, LARGE_COMPANIES));
  const withHistory = [...flat, ...repositories];
  const valuesADay = withHistory.reduce((sum, { extraction }) => sum + extraction.values.length, 0);
  const days = Math.round(values / valuesADay);
  await fillHistory(db, withHistory, days);
  await database.maintain("vacuum (analyze)");
  return { template: await closeToCopy(database), flat, repositories, large, days, values };
}
