import { z } from "zod";
import { type Database, selectRows } from "../../platform/postgres.ts";
import type { Points } from "./insertValues.ts";
import { joinKeys } from "./itemKeys.ts";

const unitRow = z.object({ companyMeasurementId: z.int(), itemKey: z.string(), unit: z.string() });

// The unit that a series had first is its own: it may have had none before, and it may come without one again.
const UNITS = `
  with wanted as (
    select * from unnest($1::int[], $2::text[], $3::text[]) as wanted (company_measurement_id, item_key, unit)
  ), added as (
    insert into pipeline.series_unit (company_measurement_id, item_key, unit)
    select distinct on (company_measurement_id, item_key) * from wanted order by company_measurement_id, item_key
    on conflict do nothing
    returning company_measurement_id, item_key, unit
  )
  select company_measurement_id, item_key, unit from added
   union
  select company_measurement_id, item_key, unit from pipeline.series_unit
    join (select company_measurement_id, item_key from wanted) known using (company_measurement_id, item_key)`;

/** The key of the series that an item has in another unit than its own. */
const inUnit = (itemKey: string, unit: string) => joinKeys(itemKey, `${UNIT_KEY}${unit}`);

const UNIT_KEY = "unit:";

/** The unit in a key that {@link inUnit} made. */
export function unitInKey(itemKey: string): string | undefined {
  const last = itemKey.split("/").at(-1) ?? "";
  return last.startsWith(UNIT_KEY) ? last.slice(UNIT_KEY.length) : undefined;
}

/** Puts values that come in another unit or currency than their series has into a series of its own. */
export async function inTheirUnits(
  connection: Database,
  values: Points["values"],
): Promise<Points["values"]> {
  const measured = values.filter(({ unit }) => unit !== undefined);
  if (measured.length === 0) return values;
  const rows = await selectRows(connection, unitRow, UNITS, [
    measured.map(({ companyMeasurementId }) => companyMeasurementId),
    measured.map(({ itemKey }) => itemKey),
    measured.map(({ unit }) => unit),
  ]);
  const own = new Map(
    rows.map(({ companyMeasurementId, itemKey, unit }) => [`${companyMeasurementId} ${itemKey}`, unit]),
  );
  return values.map((value) => {
    const { companyMeasurementId, itemKey, unit } = value;
    const known = own.get(`${companyMeasurementId} ${itemKey}`);
    return unit === undefined || known === undefined || isSameUnit(unit, known)
      ? value
      : { ...value, itemKey: inUnit(itemKey, unit) };
  });
}

/** `$` and other shared signs may stand for any currency that has them. */
function isSameUnit(unit: string, known: string): boolean {
  if (unit === known) return true;
  const [sign, code] = unit.length < known.length ? [unit, known] : [known, unit];
  return sign === "$" && /^[A-Z]{3}$/.test(code) && DOLLARS.has(code);
}

const DOLLARS = new Set(["USD", "CAD", "AUD", "NZD", "HKD", "SGD", "TWD", "MXN"]);
