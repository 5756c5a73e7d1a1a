import { z } from "zod";
import { type Database, prepared, selectRows } from "../../platform/postgres.ts";
import type { ListSeries } from "./items.ts";

const row = z.object({ measurementId: z.int(), companyMeasurementId: z.int() });

// By source_measurement_source_module_id_idx and company_source_measurement_canonical_key.
const LIST_SERIES = prepared(`
  select measurement.id as measurement_id, series.company_measurement_id
    from source_measurement measurement
    join company_source_measurement series
      on series.source_measurement_id = measurement.id and series.company_id = $2 and series.is_canonical
   where measurement.source_module_id = $1 and measurement.type = 'nested'`);

/** The series of a company's lists at a source: what is new in a list, or gone from it, is told of these. */
export async function readListSeries(
  connection: Database,
  { sourceId, companyId }: { readonly sourceId: number; readonly companyId: number },
): Promise<ListSeries> {
  const rows = await selectRows(connection, row, LIST_SERIES, [sourceId, companyId]);
  return new Map(
    rows.map(({ measurementId, companyMeasurementId }) => [measurementId, companyMeasurementId]),
  );
}
