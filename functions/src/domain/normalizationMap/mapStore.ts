import { isDeepStrictEqual } from "node:util";
import type { Firestore, QueryDocumentSnapshot } from "firebase-admin/firestore";
import { z } from "zod";
import { isAlreadyThere } from "../../platform/errorCode.ts";
import { SOURCES_COLLECTION, sourceDocumentId } from "../rawDocument/collections.ts";
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

/** A map of the original system, which kept no versions: the newest document counts, as version 0. */
const unversionedMap = z
  .object({ schema: measuredMap })
  .transform(({ schema }): StoredMap => ({ version: 0, map: schema }));

/**
 * The newest map of a source, or undefined where there was no handshake yet. It is found by the source's id, so
 * that a source that was renamed keeps its maps. Maps that the original system wrote are found by the source's name, or
 * by its id in its place, until a handshake has made a newer one.
 *
 * @throws UnreadableMapError
 */
export async function newestMap(
  firestore: Firestore,
  source: { readonly id: number; readonly name: string },
): Promise<StoredMap | undefined> {
  const { docs } = await firestore
    .collectionGroup("normalization_schema")
    .where("source_id", "==", source.id)
    .orderBy("version", "desc")
    .limit(1)
    .get();
  const [newest] = docs;
  if (newest !== undefined) return readMap(storedMap, newest);
  for (const place of [sourceDocumentId(source.name), String(source.id)]) {
    const written = await mapsOf(firestore, place).get();
    const unversioned = written.docs
      .filter((document) => document.get("version") === undefined)
      .toSorted((a, b) => b.createTime.toMillis() - a.createTime.toMillis());
    if (unversioned[0] !== undefined) return readMap(unversionedMap, unversioned[0]);
  }
  return undefined;
}

function readMap(schema: z.ZodType<StoredMap>, document: QueryDocumentSnapshot): StoredMap {
  const parsed = schema.safeParse(document.data());
  if (parsed.success) return parsed.data;
  throw new UnreadableMapError(`${document.ref.path}: ${z.prettifyError(parsed.error)}`, {
    cause: parsed.error,
  });
}

function mapsOf(firestore: Firestore, sourceDocument: string) {
  return firestore.collection(`${SOURCES_COLLECTION}/${sourceDocument}/normalization_schema`);
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
  const schemas = mapsOf(firestore, sourceDocumentId(source.name));
  for (let attempt = 1; ; attempt += 1) {
    const newest = await newestMap(firestore, source);
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
