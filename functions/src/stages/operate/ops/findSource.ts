import { z } from "zod";
import { ApiError } from "../../../platform/apiError.ts";
import { type Database, selectRow } from "../../../platform/postgres.ts";

const sourceRow = z
  .object({ id: z.int(), source_name: z.string(), additional_params: z.unknown() })
  .transform((row) => ({ id: row.id, name: row.source_name, additionalParams: row.additional_params }));

/** A data source, as operators mean it. */
export type FoundSource = z.output<typeof sourceRow>;

// A name of digits comes before an id.
const FIND = `
  select id, source_name, additional_params from data_source
   where source_name = $1 or id::text = $1
   order by source_name = $1 desc
   limit 1`;

/** Finds a data source by its name or id. @throws ApiError 404 */
export async function findSource(db: Database, nameOrId: string): Promise<FoundSource> {
  const source = await selectRow(db, sourceRow, FIND, [nameOrId]);
  if (source === undefined) throw new ApiError("not_found", `There is no data source ${nameOrId}`);
  return source;
}
