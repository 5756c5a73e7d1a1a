import Table from "cli-table3";
import type { Database } from "../../functions/src/platform/postgres.ts";
import { companiesNamed } from "../../functions/src/stages/notify/previewDeliveries.ts";
import { UserError } from "../userError.ts";

/** Finds a company by id or name. @throws UserError unless exactly one matches */
export async function findCompany(db: Database, idOrName: string): Promise<{ id: number; name: string }> {
  const [company, ...others] = await companiesNamed(db, idOrName);
  if (company === undefined) throw new UserError(`There is no company ${idOrName}.`);
  if (others.length === 0) return company;
  const ids = [company, ...others].map(({ id }) => id).join(", ");
  throw new UserError(`Several companies are called ${idOrName}. Choose one by its id: ${ids}.`);
}

/** A table for the terminal. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const drawn = new Table({ head: [...head], style: { head: [], border: [] } });
  drawn.push(...rows.map((row) => [...row]));
  return drawn.toString();
}
