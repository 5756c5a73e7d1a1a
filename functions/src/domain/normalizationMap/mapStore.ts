import { isDeepStrictEqual } from "node:util";
import type { Firestore } from "firebase-admin/firestore";
import { z } from "zod";
import { isAlreadyThere } from "../../platform/firestoreErrors.ts";
import { sourceDocumentId } from "../rawDocument/collections.ts";
import { type MeasuredMap, measuredMap } from "./normalizationMap.ts";

/** A map as it was at one time. */
export interface StoredMap {
  readonly version: number;
  readonly map: MeasuredMap;
}

/** The newest map of a source cannot be read: someone else wrote it. */
export class UnreadableMapError extends Error {
  override readonly name = "UnreadableMapError";
}

const storedMap = z
  .object({ version: z.int().positive(), schema: measuredMap })
  .transform(({ version, schema }): StoredMap => ({ version, map: schema }));

/**
 * The newest map of a source, or undefined where there was no handshake yet. It is found by the source's id, so
 * that a source that was renamed keeps its maps.
 */
export async function newestMap(firestore: Firestore, sourceId: number): Promise<StoredMap | undefined> {
  const { docs } = await firestore
    .collectionGroup("normalization_schema")
    .where("source_id", "==", sourceId)
    .orderBy("version", "desc")
    .limit(1)
    .get();
  const [newest] = docs;
  if (newest === undefined) return undefined;
  const parsed = storedMap.safeParse(newest.data());
  if (parsed.success) return parsed.data;
  throw new UnreadableMapError(`${newest.ref.path}: ${z.prettifyError(parsed.error)}`, {
    cause: parsed.error,
  });
}

// Two handshakes at once both want the next version; the one that comes second looks again.
const ATTEMPTS = 5;

/** Keeps a map as the source's new version, unless it is the same as its newest. @returns the version it has */
export async function storeMap(
  firestore: Firestore,
  source: { readonly id: number; readonly name: string },
  map: MeasuredMap,
  now: Date,
): Promise<number> {
  const schemas = firestore.collection(
    `parma/mining/datasource/${sourceDocumentId(source.name)}/normalization_schema`,
  );
  for (let attempt = 1; ; attempt += 1) {
    const newest = await newestMap(firestore, source.id);
    if (newest !== undefined && isDeepStrictEqual(newest.map, map)) return newest.version;
    const version = (newest?.version ?? 0) + 1;
    try {
      await schemas
        .doc(`${source.id}-v${version}`)
        .create({ source_id: source.id, version, schema: map, created_at: now });
      return version;
    } catch (error) {
      if (!isAlreadyThere(error) || attempt === ATTEMPTS) throw error;
    }
  }
}
