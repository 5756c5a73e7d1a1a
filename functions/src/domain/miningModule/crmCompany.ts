import { z } from "zod";

/** A company as a CRM names it: fed as raw data, and listed by GET /all-companies. */
export const crmCompany = z
  .object({
    name: z.string().nullish(),
    domain: z.string().nullish(),
    domains: z.array(z.string()).nullish(),
  })
  .transform(({ name, domain, domains }) => ({
    name: name ?? null,
    domains: [...(domain ? [domain] : []), ...(domains ?? [])],
  }));

export type CrmCompany = z.output<typeof crmCompany>;

/** What a CRM lists: its companies, and why each entry that is none was left out. */
export interface CrmListing {
  readonly companies: readonly CrmCompany[];
  readonly refused: readonly string[];
}

const namesItsCompanies = z.object({ names_its_companies: z.literal(true) });

/**
 * Whether a source names its companies itself, as a CRM does: it is mined by one call without companies, and what
 * it feeds may create companies. The affinity module does so; another says it by
 * `{"names_its_companies": true}` in the source's additional_params.
 */
export function isCrm(source: { readonly name: string; readonly additionalParams: unknown }): boolean {
  return (
    source.name.toLowerCase() === "affinity" || namesItsCompanies.safeParse(source.additionalParams).success
  );
}
