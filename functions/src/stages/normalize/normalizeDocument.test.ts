import { describe, expect, jest, test } from "@jest/globals";
import { Timestamp } from "firebase-admin/firestore";
import { z } from "zod";
import { documentState, VALUE_TABLES, valuesOf } from "../../../test/normalized.ts";
import {
  batchOf,
  contractAnswer,
  contractMap,
  flatMap,
  NOW,
  OBSERVED_AT,
  openNormalizing,
  type Source,
} from "../../../test/normalizing.ts";
import { storeMap } from "../../domain/normalizationMap/mapStore.ts";
import { ensureMeasurements } from "../../domain/normalizationMap/measurements.ts";
import { firestore } from "../../platform/firebase.ts";
import { selectRows, type TransactionalDatabase } from "../../platform/postgres.ts";
import { batchDocument } from "./batch.ts";

// The first call loads the Firestore client and warms up the emulator.
jest.setTimeout(60_000);

const { db, source, file, normalize } = openNormalizing();

const TABLES = [
  ...VALUE_TABLES.map((table) => `measurement_${table}_value`),
  "company_source_measurement",
  "source_measurement",
  "pipeline.raw_document",
  "pipeline.normalization_issue",
  "pipeline.map_field",
];

/** Every row that normalizing writes to, with its version: a row that is written again differs. */
async function everything(): Promise<string> {
  const rows = await Promise.all(
    TABLES.map((table) => db.query(`select xmin, row.* from ${table} row order by row::text`)),
  );
  return JSON.stringify(rows.map(({ rows: list }) => list));
}

describe("hands over to stage 5", () => {
  test("by a batch document", async () => {
    const github = await source(contractMap("github"));
    const { id, path } = await file(github, contractAnswer("github"));
    const outcome = await normalize(path);
    expect(batchDocument.parse((await batchOf(id)).fields)).toEqual({
      raw_document_id: id,
      raw_document_path: path,
      data_source_id: github.id,
      company_id: github.companyId,
      task_id: null,
      observed_at: Timestamp.fromDate(OBSERVED_AT),
      map_version: 1,
      value_count: outcome.state === "NORMALIZED" ? outcome.valueCount : -1,
      created_at: Timestamp.fromDate(NOW),
    });
  });

  test("also where it had crashed between the values and the batch document", async () => {
    const github = await source(contractMap("github"));
    const { id, path } = await file(github, contractAnswer("github"));
    const noBatches = new Proxy(firestore(), {
      get: (target, key) =>
        key === "doc"
          ? (at: string) => {
              if (at.startsWith("parma/analytics/")) throw new Error("Firestore is not there");
              return target.doc(at);
            }
          : Reflect.get(target, key).bind?.(target),
    });
    await expect(normalize(path, { firestore: noBatches })).rejects.toThrow("Firestore is not there");
    expect(await documentState(db, id)).toMatchObject({ state: "NORMALIZED" });
    expect((await batchOf(id)).fields).toBeUndefined();

    const before = await everything();
    expect(await normalize(path)).toMatchObject({ state: "NORMALIZED", mapVersion: 1 });
    expect(await everything()).toBe(before);
    expect((await batchOf(id)).fields).toMatchObject({ value_count: expect.any(Number), map_version: 1 });
  });
});

describe("twice", () => {
  test("one after the other changes nothing", async () => {
    const reddit = await source(contractMap("reddit"));
    const { id, path } = await file(reddit, contractAnswer("reddit"));
    const first = await normalize(path);
    const [before, batch] = [await everything(), await batchOf(id)];
    expect(await normalize(path, { now: new Date("2025-01-01T00:00:00Z") })).toEqual(first);
    expect(await everything()).toBe(before);
    expect(await batchOf(id)).toEqual(batch);
  });

  test("with a newer map in between changes nothing", async () => {
    const flat = await source(flatMap({ a: "int" }));
    const { id, path } = await file(flat, '{"a": 1, "b": 2}');
    const first = await normalize(path);
    const newer = await ensureMeasurements(db, flat.id, flatMap({ a: "int", b: "int" }), NOW);
    expect(await storeMap(firestore(), flat, newer, NOW)).toBe(2);
    const [before, batch] = [await everything(), await batchOf(id)];
    expect(await normalize(path)).toEqual(first);
    expect(await everything()).toBe(before);
    expect(await batchOf(id)).toEqual(batch);
  });

  test("with its record removed in between doubles nothing", async () => {
    const reddit = await source(contractMap("reddit"));
    const { id, path } = await file(reddit, contractAnswer("reddit"));
    const first = await normalize(path);
    const before = await valuesOf(db, reddit.id);
    await db.query("delete from pipeline.raw_document where id = $1", [id]);
    expect(await normalize(path)).toEqual(first);
    expect(await valuesOf(db, reddit.id)).toEqual(before);
    expect(await documentState(db, id)).toMatchObject({ state: "NORMALIZED" });
  });

  test("eight at once are as one", async () => {
    const reddit = await source(contractMap("reddit"));
    const { path } = await file(reddit, contractAnswer("reddit"));
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => normalize(path)));
    expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(1);
    const values = await valuesOf(db, reddit.id);
    expect(values).toHaveLength(outcomes[0]?.state === "NORMALIZED" ? outcomes[0].valueCount : -1);
    await expectOneSeriesEach(reddit);
  });

  test("twenty documents of one company at once share its series", async () => {
    const github = await source(contractMap("github"));
    const documents = await Promise.all(
      Array.from({ length: 20 }, (_, day) =>
        file(github, contractAnswer("github"), {
          observedAt: new Date(OBSERVED_AT.getTime() + day * 86_400_000),
        }),
      ),
    );
    const outcomes = await Promise.all(documents.map(({ path }) => normalize(path)));
    expect(outcomes.every(({ state }) => state === "NORMALIZED")).toBe(true);
    await expectOneSeriesEach(github);
    const stars = (await valuesOf(db, github.id)).filter(({ name }) => name === "total repository stars");
    expect(stars.map(({ timestamp }) => timestamp.getTime()).sort((a, b) => a - b)).toEqual(
      documents.map((_, day) => OBSERVED_AT.getTime() + day * 86_400_000),
    );
  });

  async function expectOneSeriesEach({ id, companyId }: Source) {
    const rows = await selectRows(
      db,
      z.object({ count: z.coerce.number() }),
      `select count(*) from company_source_measurement series
         join source_measurement m on m.id = series.source_measurement_id
        where m.source_module_id = $1 and series.company_id = $2
        group by series.source_measurement_id`,
      [id, companyId],
    );
    expect(new Set(rows.map(({ count }) => count))).toEqual(new Set([1]));
  }
});

describe("a crash", () => {
  /** A database that breaks at the given statement of each transaction, or after its commit. */
  function breakingAt(statement: number): TransactionalDatabase {
    return {
      query: db.query,
      transaction: (work) =>
        db.transaction((connection) => {
          let count = 0;
          return work({
            query(text, values) {
              count += 1;
              if (count === statement) throw new Error("The connection is lost");
              return connection.query(text, values);
            },
          });
        }),
    };
  }

  test("at any statement leaves no value; the document is listed, and complete after the next run", async () => {
    const reddit = await source(contractMap("reddit"));
    let statements = 0;
    for (let statement = 1; ; statement += 1) {
      const observedAt = new Date(OBSERVED_AT.getTime() + statement * 1000);
      const { id, path } = await file(reddit, contractAnswer("reddit"), { observedAt });
      const crash = await normalize(path, { db: breakingAt(statement) }).then(() => undefined, String);
      if (crash === undefined) {
        statements = statement - 1;
        break;
      }
      expect(crash).toContain("The connection is lost");
      expect(await documentState(db, id)).toMatchObject({
        state: "RECEIVED",
        reason: "Interrupted: The connection is lost",
        dataSourceId: reddit.id,
        companyId: reddit.companyId,
      });
      const left = (await valuesOf(db, reddit.id)).filter(({ rawDocumentId }) => rawDocumentId === id);
      expect(left).toEqual([]);
      expect(await normalize(path)).toMatchObject({ state: "NORMALIZED" });
      expect(await documentState(db, id)).toMatchObject({ state: "NORMALIZED", reason: null });
    }
    // As many as writeExtraction.test.ts counts.
    expect(statements).toBe(5);
  });
});
