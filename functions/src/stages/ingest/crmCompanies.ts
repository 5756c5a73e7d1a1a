import { z } from "zod";
import { blobStore } from "../../adapters/blobStore.ts";
import { moduleFor } from "../../adapters/modules/moduleFor.ts";
import { isCrm } from "../../domain/miningModule/isCrm.ts";
import type { MiningModule, ModuleSource } from "../../domain/miningModule/miningModule.ts";
import { ModuleError } from "../../domain/miningModule/moduleError.ts";
import { ApiError } from "../../platform/apiError.ts";
import { rowId, rowIdInText } from "../../platform/fields.ts";
import { anyone, type Paths, route } from "../../platform/http.ts";
import { database, type TransactionalDatabase } from "../../platform/postgres.ts";
import { activeSources } from "./findSource.ts";
import { type RegisteredCompany, registerCompany } from "./registerCompany.ts";

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
    // The web application sends no credentials.
    POST: route(anyone, async ({ json, now }) => {
      const addedBy = await json(importRequest);
      const db = await database();
      const context = { db, moduleFor: (source: ModuleSource) => moduleOf(source, db) };
      const created = await oneAtATime(() => importCompanies(context, { addedBy, now }));
      const message =
        created.length === 0
          ? "No new companies found in the CRM"
          : created.map((company) => company.name).join(", ");
      const companies = created.map(({ id, name }) => ({ id, name }));
      return { status: 200, body: { message, return_message: message, companies } };
    }),
  },
};

/** Where there is a CRM at all: Firestore's client takes long to load. */
async function moduleOf(source: ModuleSource, db: TransactionalDatabase): Promise<MiningModule> {
  const { firestore } = await import("../../platform/firebase.ts");
  return moduleFor(source, { db, firestore: firestore(), blobStore: blobStore() });
}

let running: Promise<RegisteredCompany[]> | undefined;

/** Whoever calls while an import runs gets that one's result. */
function oneAtATime(start: () => Promise<RegisteredCompany[]>): Promise<RegisteredCompany[]> {
  running ??= start().finally(() => {
    running = undefined;
  });
  return running;
}

export interface ImportContext {
  readonly db: TransactionalDatabase;
  readonly moduleFor: (source: ModuleSource) => MiningModule | Promise<MiningModule>;
}

/**
 * Registers the companies of every active CRM source that are not there yet.
 *
 * @returns those that are new
 * @throws ApiError 502 where a CRM fails; what was registered before stays
 */
export async function importCompanies(
  { db, moduleFor }: ImportContext,
  { addedBy, now }: { addedBy: number; now: Date },
): Promise<RegisteredCompany[]> {
  const created: RegisteredCompany[] = [];
  for (const source of (await activeSources(db)).filter(isCrm)) {
    for (const company of await companiesOf(await moduleFor(source), now)) {
      if (!company.name && company.domains.length === 0) continue;
      const registered = await registerCompany(db, { ...company, addedBy }, now);
      if (registered.created) created.push(registered);
    }
  }
  return created;
}

async function companiesOf(module: MiningModule, now: Date) {
  try {
    return (await module.listCompanies?.(now)) ?? [];
  } catch (error) {
    if (!(error instanceof ModuleError)) throw error;
    throw new ApiError("module_failed", `Failed to read the CRM's companies. ${error.message}`, {
      cause: error,
    });
  }
}
