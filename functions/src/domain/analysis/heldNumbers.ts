import { z } from "zod";
import { type Database, prepared, selectRows } from "../../platform/postgres.ts";
import { earlierNumbers, NUMBER_TABLES } from "./earlierPoints.ts";
import { maybeScaleChange, type ScaleVerdict, scaleChangeOf } from "./scaleChange.ts";
import { type NumericPoint, seriesKey } from "./series.ts";

const pastRow = z.object({
  companyMeasurementId: z.int(),
  itemKey: z.string(),
  sound: z.array(z.number()).nullable(),
  held: z.array(z.number()).nullable(),
});

const SOUND_POINTS = 25;

// What came after the last sound value was held, for this or as part of a document that was no content.
const PAST = prepared(`
  select series.company_measurement_id, series.item_key, past.sound, since.held
    from unnest($1::int[], $2::text[], $3::timestamp(3)[]) as series (company_measurement_id, item_key, until)
    cross join lateral (
      select array_agg(value order by "timestamp") as sound, max("timestamp") as last
        from ${earlierNumbers({ series: "series", until: "< series.until", subject: "$4", limit: String(SOUND_POINTS) })} sound
    ) past
    cross join lateral (
      select array_agg(value order by "timestamp") as held
        from (${NUMBER_TABLES.map(
          (table) => `
          select later.value::float8 as value, later."timestamp"
            from measurement_${table}_value later
            join pipeline.data_problem problem on problem.raw_document_id = later.raw_document_id
           where later.company_measurement_id = series.company_measurement_id and later.item_key = series.item_key
             and later."timestamp" > past.last and later."timestamp" < series.until
             and (later.company_measurement_id || ' ' || later.item_key) = any (problem.held_series)
             ${table === "bigint" ? "and abs(later.value) < 1e308" : ""}`,
        ).join(" union all ")}) held
    ) since`);

/** Numbers that differ from those before them by a power of ten, by their series. One statement, where there are any. */
export async function scaleChanges(
  connection: Database,
  numeric: readonly NumericPoint[],
  subject: string,
): Promise<ReadonlyMap<string, ScaleVerdict>> {
  const suspects = new Map(
    numeric
      .filter(({ value, previous }) => maybeScaleChange(value, previous))
      .map((point) => [seriesKey(point), point]),
  );
  if (suspects.size === 0) return new Map();
  const points = [...suspects.values()];
  const rows = await selectRows(connection, pastRow, PAST, [
    points.map(({ companyMeasurementId }) => companyMeasurementId),
    points.map(({ itemKey }) => itemKey),
    points.map(({ observedAt }) => observedAt),
    subject,
  ]);
  return new Map(
    rows.flatMap((row) => {
      const key = seriesKey(row);
      const point = suspects.get(key);
      const verdict = point && scaleChangeOf(point.value, row.sound ?? [], row.held ?? []);
      return verdict === undefined ? [] : [[key, verdict]];
    }),
  );
}

const RELEASE = `
  update pipeline.data_problem
     set held_series = (select coalesce(array_agg(held), '{}') from unnest(held_series) held where held <> all ($3))
   where data_source_id = $1 and company_id = $2 and held_series && $3`;

/** Lets go of the numbers of series whose new scale was accepted. */
export async function releaseHeld(
  connection: Database,
  { sourceId, companyId }: { readonly sourceId: number; readonly companyId: number },
  series: readonly string[],
): Promise<void> {
  if (series.length > 0) await connection.query(RELEASE, [sourceId, companyId, series]);
}
