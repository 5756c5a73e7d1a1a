import { z } from "zod";
import type { ModuleSource } from "../miningModule/miningModule.ts";
import { ApiError } from "../platform/apiError.ts";
import { type Database, prepared, selectRow } from "../platform/postgres.ts";

const sourceRow = z.object({
  id: z.number(),
  source_name: z.string(),
  invocation_endpoint: z.string(),
  additional_params: z.unknown(),
});

const FIND_SOURCE = prepared(`
  select id, source_name, invocation_endpoint, additional_params from data_source where id = $1::bigint`);

/** A data source by its id. @throws ApiError 404 where there is none */
export async function findSource(db: Database, id: number): Promise<ModuleSource> {
  const row = await selectRow(db, sourceRow, FIND_SOURCE, [id]);
  if (row === undefined) throw new ApiError("not_found", `There is no data source ${id}`);
  return sourceOf(row);
}

const CRM_CANDIDATES = `
  select id, source_name, invocation_endpoint, additional_params from data_source where is_active order by id`;

/** All data sources that are active. */
export async function activeSources(db: Database): Promise<ModuleSource[]> {
  const { rows } = await db.query(CRM_CANDIDATES);
  return sourceRow.array().parse(rows).map(sourceOf);
}

function sourceOf(row: z.output<typeof sourceRow>): ModuleSource {
  return {
    id: row.id,
    name: row.source_name,
    endpoint: row.invocation_endpoint,
    additionalParams: row.additional_params,
  };
}
