import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll } from "@jest/globals";
import { openBlobStore } from "../src/adapters/blobStore.ts";
import { storeMap } from "../src/domain/normalizationMap/mapStore.ts";
import { ensureMeasurements } from "../src/domain/normalizationMap/measurements.ts";
import {
  type MeasuredMap,
  type NormalizationMap,
  normalizationMap,
} from "../src/domain/normalizationMap/normalizationMap.ts";
import {
  isRawObject,
  parseLosslessJson,
  type RawObject,
  type RawValue,
} from "../src/domain/rawDocument/losslessJson.ts";
import { storeRawDocument } from "../src/domain/rawDocument/storeRawDocument.ts";
import { firestore } from "../src/platform/firebase.ts";
import { type NormalizeContext, normalizeAtPath } from "../src/stages/normalize/normalizeDocument.ts";
import { openTestDatabase } from "./openTestDatabase.ts";
import { insertCompany, insertSource } from "./rows.ts";

export const NOW = new Date("2024-05-01T10:00:05Z");
export const OBSERVED_AT = new Date("2024-05-01T10:00:00Z");

/** A source with its company, as after a handshake. */
export interface Source {
  readonly id: number;
  readonly name: string;
  readonly companyId: number;
  readonly map: MeasuredMap;
}

/** The map of a module of the contract. */
export function contractMap(name: string): NormalizationMap {
  const path = join(__dirname, `fixtures/maps/${name}.json`);
  return normalizationMap.parse(JSON.parse(readFileSync(path, "utf8")));
}

/** A raw answer as the module of that name gives it. */
export function contractAnswer(name: string): string {
  return readFileSync(join(__dirname, `fixtures/raw/${name}.json`), "utf8");
}

/** A database, Firestore and a blob store for the tests of one file. Call it at the top of the file. */
export function openNormalizing() {
  const db = openTestDatabase();
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "parma-blobs-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const blobStore = () => openBlobStore(pathToFileURL(folder));
  const context = (changed: Partial<NormalizeContext> = {}): NormalizeContext => ({
    db,
    firestore: firestore(),
    blobStore: blobStore(),
    now: NOW,
    ...changed,
  });

  return {
    db,
    context,
    /** Registers a source with a company; its id in Firestore is not shared with another test's database. */
    async source(map: NormalizationMap, { handshake = true } = {}): Promise<Source> {
      const offset = 1_000_000 + Math.floor(Math.random() * 1_000_000_000);
      await db.query("select setval('data_source_id_seq', $1)", [offset]);
      const name = `${map.Source}-${offset}`;
      const id = await insertSource(db, { name });
      const companyId = await insertCompany(db, "TestOrg");
      const source = { id, name, companyId, map: await ensureMeasurements(db, id, map, NOW) };
      if (handshake) await storeMap(firestore(), source, source.map, NOW);
      return source;
    },
    /** Files a raw answer (JSON) as stage 3 does. @returns its document's id and path */
    file(
      source: Pick<Source, "id" | "name" | "companyId">,
      answer: string,
      { companyId = source.companyId, observedAt = OBSERVED_AT } = {},
    ) {
      const text = `{"raw_data":${answer}}`;
      const { value, loss } = parseLosslessJson(text);
      const rawData = rawDataOf(value);
      return storeRawDocument(
        { db, firestore: firestore(), blobStore: blobStore() },
        { source, companyId, rawData, feed: { text, loss }, observedAt, now: NOW },
      );
    },
    /** Runs stage 4 for a filed document. */
    normalize: (path: string, changed: Partial<NormalizeContext> = {}) =>
      normalizeAtPath(context(changed), path),
  };
}

function rawDataOf(feed: RawValue): RawObject {
  const rawData = isRawObject(feed) ? feed.raw_data : undefined;
  if (!isRawObject(rawData)) throw new Error("A raw answer is an object");
  return rawData;
}

/** A map of one level: `{ field: type }`. */
export function flatMap(fields: Record<string, string>): NormalizationMap {
  return normalizationMap.parse({
    Source: "flat",
    Mappings: Object.entries(fields).map(([SourceField, DataType]) => ({
      SourceField,
      DataType,
      MeasurementName: SourceField,
    })),
  });
}

/** The batch document of a raw document, and its version. */
export async function batchOf(id: string) {
  const snapshot = await firestore().doc(`parma/analytics/batch/${id}`).get();
  return { version: snapshot.updateTime?.valueOf(), fields: snapshot.data() };
}
