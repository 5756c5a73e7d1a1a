import { z } from "zod";
import { type Database, prepared, selectRows } from "../../platform/postgres.ts";

/** A company at a source. */
export interface CompanyAtSource {
  readonly sourceId: number;
  readonly companyId: number;
}

const measurement = z.object({ id: z.int(), companyMeasurementId: z.int().nullable() });

/**
 * The series of a company: for each measurement of the source the canonical row of company_source_measurement,
 * which is made where it is missing.
 *
 * @returns by measurement; one that the source does not have (any more) is absent
 */
export async function companyMeasurements(
  connection: Database,
  { sourceId, companyId }: CompanyAtSource,
  measurementIds: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  const values = [measurementIds, sourceId, companyId];
  let rows = await selectRows(connection, measurement, FIND_CANONICAL, values);
  if (rows.some((row) => row.companyMeasurementId === null)) {
    await connection.query(MAKE_CANONICAL, values);
    rows = await selectRows(connection, measurement, FIND_CANONICAL, values);
  }
  return new Map(
    rows.flatMap((row) => (row.companyMeasurementId === null ? [] : [[row.id, row.companyMeasurementId]])),
  );
}

const WANTED = "select id from source_measurement where id = any ($1::int[]) and source_module_id = $2";

// Reads the primary key of source_measurement and company_source_measurement_canonical_key.
const FIND_CANONICAL = prepared(`
  select wanted.id, series.company_measurement_id
    from (${WANTED}) wanted
    left join company_source_measurement series
      on series.source_measurement_id = wanted.id and series.company_id = $3 and series.is_canonical`);

// A row that an earlier backend or the web application made becomes the canonical one, the oldest where there are
// several: a second row would hide the series from the web application. Two at once choose the same rows: the
// second waits for the first, at the row's lock (taken in the order of ids) or at
// company_source_measurement_canonical_key (in the order of measurements), and then finds the work done.
const MAKE_CANONICAL = `
  with candidate as (
    select distinct on (wanted.id) wanted.id, series.company_measurement_id, series.is_canonical
      from (${WANTED}) wanted
      left join company_source_measurement series
        on series.source_measurement_id = wanted.id and series.company_id = $3
     order by wanted.id, series.is_canonical desc, series.company_measurement_id
  ), locked as (
    select company_measurement_id from company_source_measurement
     where company_measurement_id in (select company_measurement_id from candidate where not is_canonical)
     order by company_measurement_id
       for no key update
  ), adopted as (
    update company_source_measurement series
       set is_canonical = true
      from locked
     where series.company_measurement_id = locked.company_measurement_id and not series.is_canonical
  )
  insert into company_source_measurement (source_measurement_id, company_id, is_canonical)
  select id, $3, true
    from candidate
   where company_measurement_id is null
   order by id
  on conflict (source_measurement_id, company_id) where is_canonical do nothing`;
