import { z } from "zod";
import { type Database, prepared, selectRow, type TransactionalDatabase } from "../../platform/postgres.ts";
import type { SeriesId } from "../analysis/series.ts";
import {
  beginNormalized,
  correctCounts,
  type DocumentOrigin,
  type NormalizedDocument,
  normalizedDocument,
} from "../rawDocument/rawDocumentState.ts";
import type { RawDocument } from "../rawDocument/readRawDocument.ts";
import { companyMeasurements } from "./companyMeasurements.ts";
import { describeReceived } from "./describeReceived.ts";
import { listsColumn } from "./documentLists.ts";
import type { Extraction } from "./extractValues.ts";
import { CannotNormalizeError } from "./filedDocument.ts";
import { insertIssues, insertValues, type Points } from "./insertValues.ts";
import { recordFields } from "./recordFields.ts";
import { removeIssues, replaceValues } from "./replaceValues.ts";
import { inTheirUnits } from "./seriesUnits.ts";
import type { Issue, StoredValue } from "./value.ts";

/** A raw document, and what a map made of it. */
export interface ExtractedDocument {
  readonly document: DocumentOrigin & Pick<RawDocument, "sourceId" | "companyId" | "observedAt">;
  readonly mapVersion: number;
  readonly extraction: Extraction;
}

/**
 * Writes all that a raw document gives in one transaction of at most eight statements, whatever its size.
 *
 * @returns what it has become, by this run or an earlier one
 * @throws CannotNormalizeError where its source or its company is gone, or its task was cancelled before
 */
export function writeExtraction(
  db: TransactionalDatabase,
  { document, mapVersion, extraction }: ExtractedDocument,
  now: Date,
): Promise<NormalizedDocument> {
  return db.transaction(async (connection) => {
    // It was in time when it was fed; the task was cancelled since.
    const { isCancelled } = await checkOwners(connection, document);
    const planned = {
      mapVersion,
      valueCount: extraction.values.length,
      issueCount: extraction.issues.length,
    };
    const lists = listsColumn(extraction.lists);
    const begun = await beginNormalized(connection, document, { ...planned, lists }, now);
    if (begun === undefined) return (await normalizedDocument(connection, document.id)) ?? planned;
    if (isCancelled) throw new CannotNormalizeError(`Task ${document.taskId} was cancelled`);

    const { points, issues } = await placeValues(connection, { document, mapVersion, extraction });
    // One that failed after it had been normalized has values, perhaps of another map.
    if (begun.hadValues) {
      await replaceValues(connection, points, now);
      await removeIssues(connection, document.id);
    }
    await Promise.all([
      ...(begun.hadValues ? [] : [insertValues(connection, points, now)]),
      insertIssues(connection, document.id, issues),
      recordFieldsOf(connection, { document, mapVersion, extraction }),
    ]);

    const written = { mapVersion, valueCount: points.values.length, issueCount: issues.length };
    if (written.valueCount !== planned.valueCount)
      await correctCounts(connection, document.id, written, lists);
    return written;
  });
}

/**
 * Puts what a map makes of a raw document in place of what an earlier one made of it: values, issues and counts. Its
 * state stays. It belongs into a transaction that holds the lock on the document's row.
 *
 * @returns what it has become, and the series of numbers that changed by it
 * @throws CannotNormalizeError where its source or its company is gone
 */
export async function replaceExtraction(
  connection: Database,
  extracted: ExtractedDocument,
  now: Date,
): Promise<NormalizedDocument & { readonly changed: readonly SeriesId[] }> {
  const { document, mapVersion } = extracted;
  await checkOwners(connection, document);
  const { points, issues } = await placeValues(connection, extracted);
  const changed = await replaceValues(connection, points, now);
  await removeIssues(connection, document.id);
  await insertIssues(connection, document.id, issues);
  await recordFieldsOf(connection, extracted);
  const written = { mapVersion, valueCount: points.values.length, issueCount: issues.length };
  await correctCounts(connection, document.id, written, listsColumn(extracted.extraction.lists));
  return { ...written, changed };
}

function recordFieldsOf(connection: Database, { document, mapVersion, extraction }: ExtractedDocument) {
  const { id: rawDocumentId, sourceId } = document;
  return recordFields(connection, { sourceId, mapVersion, rawDocumentId }, extraction.fields);
}

// Locked against removal until the values are written.
const OWNERS = prepared(`
  select (select id from data_source where id = $1::bigint for key share) as source_id,
         (select id from company
           where id = $2::bigint and not pipeline.is_erased('COMPANY', id) for key share) as company_id,
         exists (select from pipeline.cancelled_task where task_id = $3::int) as is_cancelled`);

const owners = z.object({
  sourceId: z.int().nullable(),
  companyId: z.int().nullable(),
  isCancelled: z.boolean(),
});

async function checkOwners(
  connection: Database,
  { sourceId, companyId, taskId }: ExtractedDocument["document"],
): Promise<{ readonly isCancelled: boolean }> {
  const company = Number.isSafeInteger(companyId) ? companyId : null;
  const found = await selectRow(connection, owners, OWNERS, [sourceId, company, taskId]);
  if (found?.sourceId == null) throw new CannotNormalizeError(`There is no data source ${sourceId}`);
  if (found.companyId === null) throw new CannotNormalizeError(`There is no company ${companyId}`);
  return found;
}

/** Finds the series of each value. One whose measurement was removed since the map was stored becomes an issue. */
async function placeValues(
  connection: Database,
  { document, extraction }: ExtractedDocument,
): Promise<{ points: Points; issues: readonly Issue[] }> {
  const series = await companyMeasurements(connection, document, extraction.measurementIds);
  const values: Points["values"][number][] = [];
  const homeless = new Map<string, Issue>();
  for (const value of extraction.values) {
    const companyMeasurementId = series.get(value.measurementId);
    if (companyMeasurementId !== undefined) {
      values.push({ ...value, companyMeasurementId });
    } else {
      const expected = `measurement ${value.measurementId}, which was removed`;
      homeless.set(`${value.path} ${expected}`, {
        path: value.path,
        expected,
        received: describeStored(value.stored),
      });
    }
  }
  const { id: rawDocumentId, observedAt } = document;
  return {
    points: { rawDocumentId, observedAt, values: await inTheirUnits(connection, values) },
    issues: [...extraction.issues, ...homeless.values()],
  };
}

function describeStored({ value }: StoredValue): string {
  return describeReceived(value instanceof Date ? value.toISOString() : value);
}
