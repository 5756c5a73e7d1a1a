import type { Firestore } from "firebase-admin/firestore";
import { z } from "zod";
import { blobStore } from "../../adapters/blobStore.ts";
import { moduleFor } from "../../adapters/modules/moduleFor.ts";
import type { Frequency, MiningModule, ModuleSource } from "../../domain/miningModule/miningModule.ts";
import { ModuleError } from "../../domain/miningModule/moduleError.ts";
import { storeMap } from "../../domain/normalizationMap/mapStore.ts";
import { ensureMeasurements } from "../../domain/normalizationMap/measurements.ts";
import { ApiError } from "../../platform/apiError.ts";
import { rowIdInText } from "../../platform/fields.ts";
import { type Paths, route, withoutSlashes } from "../../platform/http.ts";
import { logWarning } from "../../platform/log.ts";
import { type Database, database, type TransactionalDatabase } from "../../platform/postgres.ts";
import { webApplication } from "../../platform/webApplication.ts";
import { sourceById } from "./findSource.ts";

const handshakeQuery = z.object({
  invocation_endpoint: z.string(),
  data_source_id: rowIdInText,
});

export const paths: Paths = {
  "/": {
    GET: route(
      {
        callers: webApplication,
        summary: "asks a new data source's module what it measures",
        query: handshakeQuery,
      },
      async ({ query, now }) => {
        const { data_source_id: sourceId, invocation_endpoint: invocationEndpoint } = query();
        const source = await namedSource(await database(), sourceId, invocationEndpoint);
        return { status: 200, body: { frequency: await shakeOnce(source, now) } };
      },
    ),
  },
};

const running = new Map<number, Promise<Frequency>>();

/** Calls about the same source at the same time share one handshake. */
function shakeOnce(source: ModuleSource, now: Date): Promise<Frequency> {
  const handshake = running.get(source.id) ?? shake(source, now).finally(() => running.delete(source.id));
  running.set(source.id, handshake);
  return handshake;
}

async function shake(source: ModuleSource, now: Date): Promise<Frequency> {
  // Not before there is something to do: Firestore's client takes long to load.
  const { firestore } = await import("../../platform/firebase.ts");
  const stores = { db: await database(), firestore: firestore(), blobStore: blobStore() };
  return shakeHands({ ...stores, module: () => moduleFor(source, stores) }, source, now);
}

/**
 * The source that is to be asked. Only the endpoint that is stored for it is called: the token would open the source to
 * whoever gets it. Anyone may ask, so a source that is not there is refused as one that has another endpoint.
 *
 * @throws ApiError 403
 */
export async function namedSource(
  db: Database,
  sourceId: number,
  invocationEndpoint: string,
): Promise<ModuleSource> {
  const source = await sourceById(db, sourceId);
  if (source === undefined || bare(invocationEndpoint) !== bare(source.endpoint)) {
    throw new ApiError("forbidden", "There is no data source with this id and invocation endpoint");
  }
  return source;
}

function bare(endpoint: string): string {
  return withoutSlashes(endpoint.trim());
}

export interface HandshakeContext {
  readonly db: TransactionalDatabase;
  readonly firestore: Firestore;
  readonly module: () => MiningModule;
}

/**
 * Asks a source's module what it delivers and keeps its map, as a new version where it differs.
 *
 * @throws ApiError 502 where the module fails; the log has what it said
 */
export async function shakeHands(
  { db, firestore, module }: HandshakeContext,
  source: ModuleSource,
  now: Date,
): Promise<Frequency> {
  try {
    const { frequency, map } = await module().describe(now);
    await storeMap(firestore, source, await ensureMeasurements(db, source.id, map, now), now);
    return frequency;
  } catch (error) {
    if (!(error instanceof ModuleError)) throw error;
    logWarning("A handshake failed", { source: source.id, type: error.type, reason: error.message });
    throw new ApiError("module_failed", "The data source's module could not be initialized", {
      cause: error,
    });
  }
}
