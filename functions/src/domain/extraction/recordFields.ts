import { type Database, prepared } from "../../platform/postgres.ts";
import type { Field } from "./value.ts";

// A source that uses ids as field names is seen long before; the list stays one that a person can read.
const MAX_FIELDS = 2000;

// Reads pipeline.map_field's primary key, and writes only what is new: usually nothing. In the order of the key,
// so that two documents at once do not wait for each other in a circle.
const RECORD_FIELDS = prepared(`
  insert into pipeline.map_field as known (data_source_id, map_version, path, is_mapped, first_seen_in)
  select $1, $2, field.path, field.is_mapped, case when field.is_seen then $3 end
    from unnest($4::text[], $5::boolean[], $6::boolean[]) as field (path, is_mapped, is_seen)
    left join pipeline.map_field before
      on before.data_source_id = $1 and before.map_version = $2 and before.path = field.path
   where (before.path is null and (field.is_mapped or $7 > (
           select count(*) from pipeline.map_field where data_source_id = $1 and map_version = $2
         )))
      or (before.path is not null and before.first_seen_in is null and field.is_seen)
   order by field.path
  on conflict (data_source_id, map_version, path) do update
     set first_seen_in = excluded.first_seen_in
   where known.first_seen_in is null and excluded.first_seen_in is not null`);

/** Remembers which fields of the map came, and which came without being in it, for pipeline.map_finding. */
export async function recordFields(
  connection: Database,
  { sourceId, mapVersion, rawDocumentId }: { sourceId: number; mapVersion: number; rawDocumentId: string },
  fields: readonly Field[],
): Promise<void> {
  await connection.query(RECORD_FIELDS, [
    sourceId,
    mapVersion,
    rawDocumentId,
    fields.map(({ path }) => path),
    fields.map(({ isMapped }) => isMapped),
    fields.map(({ isSeen }) => isSeen),
    MAX_FIELDS,
  ]);
}
