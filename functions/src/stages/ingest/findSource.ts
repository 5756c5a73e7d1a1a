import { z } from "zod";
import type { ModuleSource } from "../../domain/miningModule/miningModule.ts";
import { ApiError } from "../../platform/apiError.ts";
import { type Database, prepared, selectRow, selectRows } from "../../platform/postgres.ts";

const sourceRow = z.object({
  id: z.number(),
  name: z.string(),
  endpoint: z.string(),
  additionalParams: z.unknown(),
});

const sourceAndCompanyRow = sourceRow.extend({ companyId: z.number().nullable() });

const COLUMNS = "id, source_name as name, invocation_endpoint as endpoint, additional_params";

const FIND_SOURCE = prepared(`
  select ${COLUMNS} from data_source where id = $1::bigint`);

/** A data source by its id; undefined where there is none. */
export function sourceById(db: Database, id: number): Promise<ModuleSource | undefined> {
  return selectRow(db, sourceRow, FIND_SOURCE, [id]);
}

/** A data source by its id. @throws ApiError 404 where there is none */
export async function findSource(db: Database, id: number): Promise<ModuleSource> {
  const source = await sourceById(db, id);
  if (source === undefined) throw noSuchSource(id);
  return source;
}

const FIND_SOURCE_AND_COMPANY = prepared(`
  select ${COLUMNS},
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
  const { companyId: found, ...source } = row;
  return { source, companyId: found ?? undefined };
}

function noSuchSource(id: number): ApiError {
  return new ApiError("not_found", `There is no data source ${id}`);
}

const ACTIVE_SOURCES = `
  select ${COLUMNS} from data_source where is_active order by id`;

/** All data sources that are active. */
export function activeSources(db: Database): Promise<ModuleSource[]> {
  return selectRows(db, sourceRow, ACTIVE_SOURCES, []);
}
