import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openBlobStore } from "../../../functions/src/adapters/blobStore.ts";
import { companyMeasurements } from "../../../functions/src/domain/extraction/companyMeasurements.ts";
import { type Extraction, extractValues } from "../../../functions/src/domain/extraction/extractValues.ts";
import type { FiledDocument } from "../../../functions/src/domain/extraction/filedDocument.ts";
import { ensureMeasurements } from "../../../functions/src/domain/normalizationMap/measurements.ts";
import type { MeasuredMap } from "../../../functions/src/domain/normalizationMap/normalizationMap.ts";
import type { BlobStore } from "../../../functions/src/domain/rawDocument/blobStore.ts";
import type { RawObject } from "../../../functions/src/domain/rawDocument/losslessJson.ts";
import type { Database } from "../../../functions/src/platform/postgres.ts";
import { filedDocument } from "../../../functions/test/filedDocument.ts";
import { insertCompany, insertSource } from "../../../functions/test/rows.ts";
import { whenStopping } from "../../stack/shutdown.ts";
import type { Shape } from "./shapes.ts";

/** A data source whose raw answers are all of one shape. */
interface ShapedSource {
  readonly id: number;
  readonly name: string;
  readonly shape: Shape;
  readonly map: MeasuredMap;
}

/** A company at a source: its answer, what is to come of it, and the series that this goes to. */
export interface ShapedCompany {
  readonly source: ShapedSource;
  readonly companyId: number;
  readonly rawData: RawObject;
  readonly extraction: Extraction;
  /** By measurement. */
  readonly series: ReadonlyMap<number, number>;
}

/** When the first day of the portfolio's history was. */
export const FIRST_DAY = new Date("2024-01-01T00:00:00Z");
const DAY = 86_400_000;

export function dayOf(number: number): Date {
  return new Date(FIRST_DAY.getTime() + number * DAY);
}

/** Makes a source for a shape, with companies and their series. */
export async function makeCompanies(
  db: Database,
  shape: Shape,
  count: number,
): Promise<readonly ShapedCompany[]> {
  const name = shape.name.replaceAll(" ", "-");
  const id = await insertSource(db, { name, isActive: false });
  const map = await ensureMeasurements(db, id, shape.map, FIRST_DAY);
  const source = { id, name, shape, map };
  const companies: ShapedCompany[] = [];
  for (let number = 1; number <= count; number += 1) {
    const company = `company-${number}-at-${name}`;
    const companyId = await insertCompany(db, company);
    const rawData = shape.answer(company);
    const extraction = extractValues(map, rawData);
    const series = await companyMeasurements(db, { sourceId: id, companyId }, extraction.measurementIds);
    companies.push({ source, companyId, rawData, extraction, series });
  }
  return companies;
}

/** A raw document that waits to be normalized, and whose it is. */
export interface WaitingDocument extends FiledDocument {
  readonly company: ShapedCompany;
  readonly observedAt: Date;
}

/** A blob store in a folder that is thrown away. */
export async function openThrowAwayBlobs(): Promise<BlobStore> {
  const folder = await mkdtemp(join(tmpdir(), "parma-bench-"));
  whenStopping(() => rm(folder, { recursive: true, force: true }));
  return openBlobStore(pathToFileURL(folder));
}

let documents = 0;

/** Files new raw documents of the companies in turn, as stage 3 does; each is observed after all that were before. */
export async function fileDocuments(
  blobStore: BlobStore,
  companies: readonly ShapedCompany[],
  { count, after }: { readonly count: number; readonly after: Date },
): Promise<readonly WaitingDocument[]> {
  const filed: WaitingDocument[] = [];
  while (filed.length < count) {
    const company = companies[filed.length % companies.length];
    if (company === undefined) throw new RangeError("There are no companies to file documents of");
    documents += 1;
    const { source, companyId, rawData } = company;
    const observedAt = new Date(after.getTime() + documents * 1_000);
    const answer = { source, companyId, rawData, observedAt };
    const document = await filedDocument(blobStore, `bench-${documents}`, answer);
    filed.push({ ...document, company, observedAt });
  }
  return filed;
}

const RECEIVED = `
  insert into pipeline.raw_document (id, path, data_source_id, company_id, observed_at, received_at, state, state_since)
  select id, path, data_source_id, company_id, observed_at, observed_at, 'RECEIVED', observed_at
    from unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::timestamp(3)[])
           as document (id, path, data_source_id, company_id, observed_at)`;

/** Keeps track of raw documents, as stage 3 does. */
export async function recordWaiting(db: Database, filed: readonly WaitingDocument[]): Promise<void> {
  await db.query(RECEIVED, [
    filed.map(({ id }) => id),
    filed.map(({ path }) => path),
    filed.map(({ company }) => company.source.id),
    filed.map(({ company }) => company.companyId),
    filed.map(({ observedAt }) => observedAt),
  ]);
}
