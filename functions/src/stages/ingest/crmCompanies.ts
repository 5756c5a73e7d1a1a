import { z } from "zod";
import { blobStore } from "../../adapters/blobStore.ts";
import { moduleFor } from "../../adapters/modules/moduleFor.ts";
import { isCrm } from "../../domain/miningModule/isCrm.ts";
import type { MiningModule, ModuleSource } from "../../domain/miningModule/miningModule.ts";
import { ModuleError } from "../../domain/miningModule/moduleError.ts";
import { ApiError } from "../../platform/apiError.ts";
import { storedReason } from "../../platform/errorText.ts";
import { rowId, rowIdInText } from "../../platform/fields.ts";
import { type Paths, route } from "../../platform/http.ts";
import { logEvent, logWarning } from "../../platform/log.ts";
import { database, type TransactionalDatabase } from "../../platform/postgres.ts";
import { sharedRun } from "../../platform/sharedRun.ts";
import { webApplication } from "../../platform/webApplication.ts";
import { activeSources } from "./findSource.ts";
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
      { callers: webApplication, summary: "takes over new companies of the CRM", body: importRequest },
      async ({ json, now }) => {
        const addedBy = await json();
        await importForEach(addedBy, now);
        // Anyone may read it, so it names no company.
        const message = "The CRM's companies are up to date";
        return { status: 200, body: { message, return_message: message } };
      },
    ),
  },
};

/** Where there is a CRM at all: Firestore's client takes long to load. */
async function moduleOf(source: ModuleSource, db: TransactionalDatabase): Promise<MiningModule> {
  const { firestore } = await import("../../platform/firebase.ts");
  return moduleFor(source, { db, firestore: firestore(), blobStore: blobStore() });
}

/** Calls that arrive during an import share the next one, in the name of the first of them. */
const importForEach = sharedRun(async (addedBy: number, now: Date) => {
  const db = await database();
  const context = { db, moduleFor: (source: ModuleSource) => moduleOf(source, db) };
  const { created, refused } = await importCompanies(context, { addedBy, now });
  if (refused.length > 0) logWarning("A CRM lists what is no company", { refused: refused.join("; ") });
  logEvent("crm_imported", { created: created.length, refused: refused.length });
});

export interface ImportContext {
  readonly db: TransactionalDatabase;
  readonly moduleFor: (source: ModuleSource) => MiningModule | Promise<MiningModule>;
}

/** What an import did. */
export interface Import {
  readonly created: readonly RegisteredCompany[];
  /** Why entries were left out, the first 20. */
  readonly refused: readonly string[];
}

const MAX_REFUSED = 20;

/**
 * Registers the companies of every active CRM source that are not there yet. An entry that is no company is left out,
 * and a CRM that fails does not stop the next.
 *
 * @throws ApiError 502 where a CRM failed; what was registered stays
 */
export async function importCompanies(
  { db, moduleFor }: ImportContext,
  { addedBy, now }: { addedBy: number; now: Date },
): Promise<Import> {
  const created: RegisteredCompany[] = [];
  const refused: string[] = [];
  let failure: ModuleError | undefined;
  for (const source of (await activeSources(db)).filter(isCrm)) {
    try {
      const listing = await (await moduleFor(source)).listCompanies?.(now);
      refused.push(...(listing?.refused ?? []));
      for (const company of listing?.companies ?? []) {
        const registered = await registerEntry(db, { ...company, addedBy }, now);
        if (typeof registered === "string") refused.push(registered);
        else if (registered.created) created.push(registered);
      }
    } catch (error) {
      if (!(error instanceof ModuleError)) throw error;
      logWarning("A CRM's companies could not be read", { source: source.id, reason: error.message });
      failure = error;
    }
  }
  if (failure !== undefined) {
    throw new ApiError("module_failed", "The CRM's companies could not be read", { cause: failure });
  }
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
    if (!(error instanceof ApiError)) throw error;
    return `${storedReason(company.name ?? "without a name", 50)}: ${error.message}`;
  }
}
