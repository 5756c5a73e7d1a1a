import { z } from "zod";

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
