import { z } from "zod";
import { type Database, selectRow, type TransactionalDatabase } from "../platform/postgres.ts";
import type { RawDocument } from "../rawDocument/readRawDocument.ts";
import { CannotNormalizeError } from "./cannotNormalizeError.ts";
import { companyMeasurements } from "./companyMeasurements.ts";
import { describeReceived } from "./describeReceived.ts";
import type { Extraction } from "./extractValues.ts";
import { insertIssues, insertValues, type Points } from "./insertValues.ts";
import {
  beginNormalized,
  correctCounts,
  type DocumentOrigin,
  type NormalizedDocument,
  normalizedDocument,
} from "./rawDocumentState.ts";
import { recordFields } from "./recordFields.ts";
import type { Issue, StoredValue } from "./value.ts";

/** A raw document, and what a map made of it. */
export interface ExtractedDocument {
  readonly document: DocumentOrigin & Pick<RawDocument, "sourceId" | "companyId" | "observedAt">;
  readonly mapVersion: number;
  readonly extraction: Extraction;
}

/**
 * Writes all that a raw document gives in one transaction of at most 18 statements, whatever its size.
 *
 * @returns what it has become, by this run or an earlier one
 * @throws CannotNormalizeError where its source or its company is gone
 */
export function writeExtraction(
  db: TransactionalDatabase,
  { document, mapVersion, extraction }: ExtractedDocument,
  now: Date,
): Promise<NormalizedDocument> {
  return db.transaction(async (connection) => {
    await checkOwners(connection, document);
    const planned = {
      mapVersion,
      valueCount: extraction.values.length,
      issueCount: extraction.issues.length,
    };
    if (!(await beginNormalized(connection, document, planned, now))) {
      return (await normalizedDocument(connection, document.id)) ?? planned;
    }

    const series = await companyMeasurements(connection, document, extraction.measurementIds);
    const { values, issues } = placeValues(extraction, series);
    const { id: rawDocumentId, sourceId, observedAt } = document;
    await insertValues(connection, { rawDocumentId, observedAt, values }, now);
    await insertIssues(connection, rawDocumentId, issues);
    await recordFields(connection, { sourceId, mapVersion, rawDocumentId }, extraction.fields);

    const written = { mapVersion, valueCount: values.length, issueCount: issues.length };
    if (written.valueCount !== planned.valueCount) await correctCounts(connection, rawDocumentId, written);
    return written;
  });
}

// Locked against removal until the values are written.
const OWNERS = `
  select (select id from data_source where id = $1::bigint for key share) as source_id,
         (select id from company where id = $2::bigint for key share) as company_id`;

const owners = z.object({ source_id: z.int().nullable(), company_id: z.int().nullable() });

async function checkOwners(
  connection: Database,
  { sourceId, companyId }: ExtractedDocument["document"],
): Promise<void> {
  const company = Number.isSafeInteger(companyId) ? companyId : null;
  const found = await selectRow(connection, owners, OWNERS, [sourceId, company]);
  if (found?.source_id == null) throw new CannotNormalizeError(`There is no data source ${sourceId}`);
  if (found.company_id === null) throw new CannotNormalizeError(`There is no company ${companyId}`);
}

/** A value whose measurement was removed since the map was stored becomes an issue. */
function placeValues(
  extraction: Extraction,
  series: ReadonlyMap<number, number>,
): { values: Points["values"]; issues: readonly Issue[] } {
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
  return { values, issues: [...extraction.issues, ...homeless.values()] };
}

function describeStored({ value }: StoredValue): string {
  return describeReceived(value instanceof Date ? value.toISOString() : value);
}
