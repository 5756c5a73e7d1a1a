import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { isCrm } from "../../domain/miningModule/crmCompany.ts";
import type { MiningModule } from "../../domain/miningModule/miningModule.ts";
import { rowId, rowIdInText } from "../../platform/fields.ts";
import { type Paths, route } from "../../platform/http.ts";
import { logEvent } from "../../platform/log.ts";
import { database, type TransactionalDatabase } from "../../platform/postgres.ts";
import { enqueueTasks } from "../../platform/taskQueue.ts";
import { webApplication } from "../../platform/webApplication.ts";
import { activeSources } from "./findSource.ts";
import { askModules, moduleFailed, NOT_YET } from "./moduleRequest.ts";
import { MAX_REFUSED, refusalOf } from "./refusedEntry.ts";
import { type NamedCompany, type RegisteredCompany, registerCompany } from "./registerCompany.ts";

/** The web application sends a JSON string, `"user_id: 5"`. */
const importRequest = z.union([
  z
    .string()
    .transform((text) => /^\s*user_id:\s*(\d+)\s*$/.exec(text)?.[1])
    .pipe(rowIdInText),
  z.object({ user_id: z.union([rowId, rowIdInText]) }).transform(({ user_id }) => user_id),
]);

export const paths: Paths = {
  "/": {
    POST: route(
      { callers: webApplication, summary: "imports new companies from the CRM", body: importRequest },
      async ({ json, now }) => {
        const askedBy = await json();
        const db = await database();
        const crms = (await activeSources(db)).filter(isCrm);
        const requests = await askModules(
          { db, enqueue: enqueueTasks, clock: () => new Date(), pause: sleep },
          { kind: "CRM_IMPORT", sourceIds: crms.map(({ id }) => id), askedBy, now },
        );
        if (requests === undefined) return NOT_YET;
        const failed = requests.find(({ state }) => state === "FAILED");
        if (failed !== undefined) throw moduleFailed(failed, "The CRM's companies could not be read");
        // Anyone may read it, so it names no company.
        const message = "The CRM's companies are up to date";
        return { status: 200, body: { message, return_message: message } };
      },
    ),
  },
};

interface ImportContext {
  readonly db: TransactionalDatabase;
  readonly module: MiningModule;
}

/** What an import did. */
interface Import {
  /** How many companies are new. */
  readonly created: number;
  /** Why entries were left out: the first 20. */
  readonly refused: readonly string[];
}

/**
 * Registers the companies of a CRM that are not there yet. An entry that is no company is left out.
 *
 * @throws ModuleError
 */
export async function importCompanies(
  { db, module }: ImportContext,
  { askedBy, now }: { askedBy: number | null; now: Date },
): Promise<Import> {
  const listing = await module.listCompanies?.(now);
  const refused = [...(listing?.refused ?? [])];
  let created = 0;
  for (const company of listing?.companies ?? []) {
    const registered = await registerEntry(db, { ...company, addedBy: askedBy }, now);
    if (typeof registered === "string") refused.push(registered);
    else if (registered.created) created += 1;
  }
  logEvent("crm_imported", { created, refused: refused.length });
  return { created, refused: refused.slice(0, MAX_REFUSED) };
}

/** @returns the company, or why the entry is none */
async function registerEntry(
  db: TransactionalDatabase,
  company: NamedCompany,
  now: Date,
): Promise<RegisteredCompany | string> {
  try {
    return await registerCompany(db, company, now);
  } catch (error) {
    return refusalOf(company.name, error);
  }
}
