import type { Firestore } from "firebase-admin/firestore";
import { z } from "zod";
import type { MiningModule, ModuleSource } from "../../domain/miningModule/miningModule.ts";
import { ModuleError } from "../../domain/miningModule/moduleError.ts";
import type { BlobStore } from "../../domain/rawDocument/blobStore.ts";
import { CompanyErasedError } from "../../domain/rawDocument/storeRawDocument.ts";
import { type Database, selectRow, type TransactionalDatabase } from "../../platform/postgres.ts";
import { builtinModules } from "./builtin/index.ts";

/** Where a built-in module's answers and cursors are kept. */
export interface BuiltinStores {
  readonly db: TransactionalDatabase;
  readonly firestore: Firestore;
  readonly blobStore: BlobStore;
}

/** A built-in module behind the interface of all modules: it files raw documents itself, without HTTP. */
export function builtinModuleFor(name: string, source: ModuleSource, stores: BuiltinStores): MiningModule {
  const load = builtinModules.get(name);
  if (load === undefined) {
    throw new ModuleError(
      "InvalidEndpoint",
      `There is no built-in module "${name}"; there are: ${[...builtinModules.keys()].join(", ")}`,
      { retryable: false },
    );
  }
  return {
    describe: async () => (await load()).describe(source),
    discover: async (company, now) => (await load()).discover(company, source, now),
    async mine({ taskId, attempt, company, identifiers, signal, now }) {
      if (company === undefined) {
        throw new ModuleError("NoCompany", `The built-in module ${name} mines companies that it is given`, {
          retryable: false,
        });
      }
      const { mine } = await load();
      const { storeRawDocument } = await import("../../domain/rawDocument/storeRawDocument.ts");
      const { cursor } = await mine({
        source,
        company,
        identifiers,
        cursor: await readCursor(stores.db, source.id, company.id),
        signal,
        now,
        fileRawDocument: async (rawData, observedAt) => {
          signal.throwIfAborted();
          const about = { source, companyId: company.id, taskId, attempt };
          await storeRawDocument(stores, { ...about, rawData, observedAt, now }).catch(refusal);
        },
      });
      // After everything is filed: a crash before this line mines the same again, into the same documents.
      if (cursor !== undefined) await writeCursor(stores.db, source.id, company.id, cursor, now);
      return undefined;
    },
  };
}

function refusal(error: unknown): never {
  if (!(error instanceof CompanyErasedError)) throw error;
  throw new ModuleError("CompanyErased", error.message, {
    retryable: false,
    blames: "company",
    cause: error,
  });
}

const cursorRow = z.object({ cursor: z.string() });

const READ_CURSOR = "select cursor from pipeline.mining_cursor where data_source_id = $1 and company_id = $2";

async function readCursor(db: Database, sourceId: number, companyId: number): Promise<string | undefined> {
  const row = await selectRow(db, cursorRow, READ_CURSOR, [sourceId, companyId]);
  return row?.cursor;
}

const WRITE_CURSOR = `
  insert into pipeline.mining_cursor (data_source_id, company_id, cursor, modified_at) values ($1, $2, $3, $4)
  on conflict (data_source_id, company_id) do update
     set cursor = excluded.cursor, modified_at = excluded.modified_at`;

async function writeCursor(db: Database, sourceId: number, companyId: number, cursor: string, now: Date) {
  await db.query(WRITE_CURSOR, [sourceId, companyId, cursor, now]);
}
