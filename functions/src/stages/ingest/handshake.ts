import type { Firestore } from "firebase-admin/firestore";
import { z } from "zod";
import { blobStore } from "../../adapters/blobStore.ts";
import { moduleFor } from "../../adapters/modules/moduleFor.ts";
import type {
  Frequency,
  MiningModule,
  ModuleDescription,
  ModuleSource,
} from "../../domain/miningModule/miningModule.ts";
import { ModuleError } from "../../domain/miningModule/moduleError.ts";
import { storeMap } from "../../domain/normalizationMap/mapStore.ts";
import { ensureMeasurements } from "../../domain/normalizationMap/measurements.ts";
import { ApiError } from "../../platform/apiError.ts";
import { rowIdInText } from "../../platform/fields.ts";
import { anyone, type Paths, route, withoutSlashes } from "../../platform/http.ts";
import { database, type TransactionalDatabase } from "../../platform/postgres.ts";
import { findSource } from "./findSource.ts";

const handshakeQuery = z.object({
  invocation_endpoint: z.string(),
  data_source_id: rowIdInText,
});

export const paths: Paths = {
  "/": {
    // The web application sends no credentials.
    GET: route(anyone, async ({ query, now }) => {
      const { data_source_id: sourceId, invocation_endpoint: invocationEndpoint } = query(handshakeQuery);
      // Not before there is something to do: Firestore's client takes long to load.
      const { firestore } = await import("../../platform/firebase.ts");
      const stores = { db: await database(), firestore: firestore(), blobStore: blobStore() };
      const context = { ...stores, moduleFor: (source: ModuleSource) => moduleFor(source, stores) };
      const frequency = await shakeHands(context, { sourceId, invocationEndpoint, now });
      return { status: 200, body: { frequency } };
    }),
  },
};

export interface HandshakeContext {
  readonly db: TransactionalDatabase;
  readonly firestore: Firestore;
  readonly moduleFor: (source: ModuleSource) => MiningModule;
}

/**
 * Asks a source's module what it delivers and keeps its map, as a new version where it differs. Only the endpoint
 * that is stored for the source is called: the token would open the source to whoever gets it.
 *
 * @throws ApiError 403 for another endpoint, 404 for an unknown source, 502 where the module fails
 */
export async function shakeHands(
  { db, firestore, moduleFor }: HandshakeContext,
  { sourceId, invocationEndpoint, now }: { sourceId: number; invocationEndpoint: string; now: Date },
): Promise<Frequency> {
  const source = await findSource(db, sourceId);
  if (withoutSlashes(invocationEndpoint.trim()) !== withoutSlashes(source.endpoint.trim())) {
    throw new ApiError("forbidden", "The data source has another invocation endpoint");
  }
  const { frequency, map } = await describe(moduleFor, source, now);
  await storeMap(firestore, source, await ensureMeasurements(db, source.id, map, now), now);
  return frequency;
}

async function describe(
  moduleFor: HandshakeContext["moduleFor"],
  source: ModuleSource,
  now: Date,
): Promise<ModuleDescription> {
  try {
    return await moduleFor(source).describe(now);
  } catch (error) {
    if (!(error instanceof ModuleError)) throw error;
    throw new ApiError("module_failed", `Failed to initialize the data source. ${error.message}`, {
      cause: error,
    });
  }
}
