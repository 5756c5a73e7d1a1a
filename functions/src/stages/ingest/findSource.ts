import { z } from "zod";
import type { ModuleSource } from "../../domain/miningModule/miningModule.ts";
import { ApiError } from "../../platform/apiError.ts";
import { type Database, prepared, selectRow } from "../../platform/postgres.ts";

const sourceRow = z.object({
  id: z.number(),
  source_name: z.string(),
  invocation_endpoint: z.string(),
  additional_params: z.unknown(),
});

const sourceAndCompanyRow = sourceRow.extend({ company_id: z.number().nullable() });

const FIND_SOURCE = prepared(`
  select id, source_name, invocation_endpoint, additional_params from data_source where id = $1::bigint`);

/** A data source by its id. @throws ApiError 404 where there is none */
export async function findSource(db: Database, id: number): Promise<ModuleSource> {
  const row = await selectRow(db, sourceRow, FIND_SOURCE, [id]);
  if (row === undefined) throw noSuchSource(id);
  return sourceOf(row);
}

const FIND_SOURCE_AND_COMPANY = prepared(`
  select id, source_name, invocation_endpoint, additional_params,
         (select company.id from company
           where company.id = $2::bigint and not pipeline.is_erased('COMPANY', company.id)) as company_id
    from data_source where id = $1::bigint`);

/**
 * A data source and a company by their ids; the company is undefined where there is none.
 *
 * @throws ApiError 404 where there is no such source
 */
export async function findSourceAndCompany(
  db: Database,
  sourceId: number,
  companyId: number | undefined,
): Promise<{ source: ModuleSource; companyId: number | undefined }> {
  const row = await selectRow(db, sourceAndCompanyRow, FIND_SOURCE_AND_COMPANY, [
    sourceId,
    companyId ?? null,
  ]);
  if (row === undefined) throw noSuchSource(sourceId);
  return { source: sourceOf(row), companyId: row.company_id ?? undefined };
}

function noSuchSource(id: number): ApiError {
  return new ApiError("not_found", `There is no data source ${id}`);
}

const CRM_CANDIDATES = `
  select id, source_name, invocation_endpoint, additional_params from data_source where is_active order by id`;

/** All data sources that are active. */
export async function activeSources(db: Database): Promise<ModuleSource[]> {
  const { rows } = await db.query(CRM_CANDIDATES);
  return rows.map((row) => sourceOf(sourceRow.parse(row)));
}

function sourceOf(row: z.output<typeof sourceRow>): ModuleSource {
  return {
    id: row.id,
    name: row.source_name,
    endpoint: row.invocation_endpoint,
    additionalParams: row.additional_params,
  };
}
