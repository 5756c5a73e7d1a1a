import { z } from "zod";
import { modules } from "../../domain/miningModule/moduleToken.ts";
import { rowId, storableText } from "../../platform/fields.ts";
import { type Paths, route } from "../../platform/http.ts";
import { database } from "../../platform/postgres.ts";
import { findSource } from "./findSource.ts";
import { registerCompany } from "./registerCompany.ts";

const newCompany = z.object({
  /** The caller's own id of the company. */
  id: z.union([z.number().int(), z.string()]),
  company_name: storableText.trim().min(1),
  description: storableText.nullish(),
  added_by: rowId.nullish(),
});

export const paths: Paths = {
  "/": {
    /** Registers a company, unless there is one of that name. `id` comes back as sent; `company_id` is ours. */
    POST: route(
      { callers: modules, summary: "registers a company that a module found", body: newCompany },
      async ({ claims, now, json }) => {
        const { id, company_name: name, description, added_by: addedBy } = await json();
        const db = await database();
        await findSource(db, claims.sourceId);
        const company = await registerCompany(db, { name, domains: [], description, addedBy }, now);
        const created = company.isAmbiguous
          ? "Company created beside others of its name: no domain says which is meant"
          : "Company successfully created";
        const return_message = company.created ? created : "Company already exists";
        return {
          status: 201,
          body: { id, company_name: company.name, company_id: company.id, return_message },
        };
      },
    ),
  },
};
