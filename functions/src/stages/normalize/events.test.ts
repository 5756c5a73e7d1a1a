import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import startFunctionsTest from "firebase-functions-test";
import { type TestDatabase, testDatabase } from "../../../test/database.ts";
import { insertCompany, insertSource } from "../../../test/rows.ts";
import { openBlobStore } from "../../adapters/blobStore.ts";
import { storeMap } from "../../domain/normalizationMap/mapStore.ts";
import { ensureMeasurements } from "../../domain/normalizationMap/measurements.ts";
import { storeRawDocument } from "../../domain/rawDocument/storeRawDocument.ts";
import { firestore } from "../../platform/firebase.ts";
import { database } from "../../platform/postgres.ts";
import { normalizeRawData } from "./events.ts";

// The first call loads the Firestore client and warms up the emulator.
jest.setTimeout(60_000);

const functionsTest = startFunctionsTest({ projectId: "demo-parma" });
const deliver = functionsTest.wrap(normalizeRawData);
const NOW = new Date("2024-05-01T10:00:05Z");

let clone: TestDatabase;
beforeAll(async () => {
  clone = await testDatabase();
  process.env["DATABASE_URL"] = clone.url;
  process.env["BLOB_STORE"] = "file:///nothing-is-written-here";
});

afterAll(async () => {
  functionsTest.cleanup();
  await firestore().terminate();
  await clone.drop();
});

test("a Firestore event that arrives twice, at once and again later, is worked on once", async () => {
  const db = await database();
  const sourceId = await insertSource(db, { name: "trigger-test" });
  const companyId = await insertCompany(db, "Acme");
  const source = { id: sourceId, name: "trigger-test" };
  const map = await ensureMeasurements(
    db,
    sourceId,
    { Source: "any", Mappings: [{ SourceField: "stars", DataType: "int", MeasurementName: "stars" }] },
    NOW,
  );
  await storeMap(firestore(), source, map, NOW);
  const { id, path } = await storeRawDocument(
    { db, firestore: firestore(), blobStore: openBlobStore(new URL("file:///nothing-is-written-here")) },
    { source, companyId, taskId: 1, rawData: { stars: 412 }, now: NOW },
  );
  const snapshot = await firestore().doc(path).get();
  const event = { data: snapshot, document: path, params: { source: source.name, documentId: id } };

  await Promise.all([deliver(event), deliver(event)]);
  await deliver(event);

  const { rows } = await db.query("select value, raw_document_id from measurement_int_value");
  expect(rows).toEqual([{ value: 412, raw_document_id: id }]);
  const batch = await firestore().doc(`parma/analytics/batch/${id}`).get();
  expect(batch.get("value_count")).toBe(1);
});
