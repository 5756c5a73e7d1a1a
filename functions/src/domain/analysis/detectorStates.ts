import { z } from "zod";
import { type Database, prepared, selectRows } from "../../platform/postgres.ts";
import type { Point } from "../detector/detector.ts";
import { packState, unpackState } from "../detector/packedState.ts";
import type { State } from "../detector/state.ts";
import { earlierNumbers } from "./earlierPoints.ts";
import { type SeriesId, seriesKey } from "./series.ts";

/** What the detector knows of a series, and up to when. */
export interface KnownSeries {
  /** Undefined where it was kept by another version of the detector: the series is judged anew. */
  readonly state: State | undefined;
  readonly lastObservedAt: Date;
}

const stateRow = z.object({
  companyMeasurementId: z.int(),
  itemKey: z.string(),
  state: z.instanceof(Buffer),
  lastObservedAt: z.date(),
});

// By the primary key.
const STATES = prepared(`
  select state.*
    from unnest($1::int[], $2::text[]) as series (company_measurement_id, item_key)
    join pipeline.detector_state state using (company_measurement_id, item_key)
   where state.subject = $3`);

/** What the detector knows of the series of a subject, by series. Those that it has not met are absent. */
export async function readStates(
  connection: Database,
  subject: string,
  series: readonly SeriesId[],
): Promise<ReadonlyMap<string, KnownSeries>> {
  if (series.length === 0) return new Map();
  const rows = await selectRows(connection, stateRow, STATES, [...keysOf(series), subject]);
  return new Map(
    rows.map((row) => [
      seriesKey(row),
      { state: unpackState(row.state), lastObservedAt: row.lastObservedAt },
    ]),
  );
}

/** How many of the newest points of a series are judged again when one comes late. */
const REPLAYED = 500;

const historyRow = z.object({
  companyMeasurementId: z.int(),
  itemKey: z.string(),
  value: z.number(),
  timestamp: z.date(),
});

const HISTORIES = prepared(`
  select series.company_measurement_id, series.item_key, history.value, history."timestamp"
    from unnest($1::int[], $2::text[], $3::timestamp(3)[]) as series (company_measurement_id, item_key, until)
    cross join lateral ${earlierNumbers({ series: "series", until: "<= series.until", subject: "$4", limit: "$5" })} history
   order by series.company_measurement_id, series.item_key, history."timestamp"`);

/** The newest points of each series up to a time, the oldest first, by series. */
export async function readHistories(
  connection: Database,
  subject: string,
  series: readonly (SeriesId & { readonly until: Date })[],
  limit = REPLAYED,
): Promise<ReadonlyMap<string, readonly Point[]>> {
  if (series.length === 0) return new Map();
  const values = [...keysOf(series), series.map(({ until }) => until), subject, limit];
  const rows = await selectRows(connection, historyRow, HISTORIES, values);
  const bySeries = Map.groupBy(rows, (row) => seriesKey(row));
  return new Map(
    [...bySeries].map(([key, points]) => [
      key,
      points.map(({ value, timestamp }) => ({ at: timestamp.getTime(), value })),
    ]),
  );
}

// A state never goes back in time, whoever writes it. All states come as one string of bytes: an array of them would go
// as hexadecimal text, in twice the time.
const KEEP_STATES = prepared(`
  insert into pipeline.detector_state as kept
    (company_measurement_id, item_key, subject, state, last_observed_at, modified_at)
  select company_measurement_id, item_key, $7, substring($3::bytea from first for length), last_observed_at, $8
    from unnest($1::int[], $2::text[], $4::int[], $5::int[], $6::timestamp(3)[])
           as series (company_measurement_id, item_key, first, length, last_observed_at)
  on conflict (company_measurement_id, item_key, subject) do update
     set state = excluded.state, last_observed_at = excluded.last_observed_at, modified_at = excluded.modified_at
   where kept.last_observed_at <= excluded.last_observed_at`);

/** Keeps what the detector knows now. */
export async function keepStates(
  connection: Database,
  subject: string,
  states: readonly (SeriesId & { readonly state: State; readonly lastObservedAt: Date })[],
  now: Date,
): Promise<void> {
  if (states.length === 0) return;
  const packed = states.map(({ state }) => packState(state));
  const lengths = packed.map(({ length }) => length);
  await connection.query(KEEP_STATES, [
    ...keysOf(states),
    Buffer.concat(packed),
    startsOf(lengths),
    lengths,
    states.map(({ lastObservedAt }) => lastObservedAt),
    subject,
    now,
  ]);
}

/** Where each part of a string of bytes begins, in SQL's way: the first byte is number 1. */
function startsOf(lengths: readonly number[]): number[] {
  let next = 1;
  return lengths.map((length) => {
    const start = next;
    next += length;
    return start;
  });
}

// What is kept is no state, and the time up to which there are points: readStates takes it for one of another version
// of the detector, and the series is judged anew from its history. Without a row there would be no history to it.
const FORGET_STATES = `
  insert into pipeline.detector_state as kept
    (company_measurement_id, item_key, subject, state, last_observed_at, modified_at)
  select company_measurement_id, item_key, $4, '', $5, $6
    from unnest($1::int[], $2::text[], $3::boolean[]) as series (company_measurement_id, item_key, is_watched)
   where is_watched
      or exists (
        select from pipeline.detector_state known
         where known.company_measurement_id = series.company_measurement_id
           and known.item_key = series.item_key and known.subject = $4)
   order by 1, 2
  on conflict (company_measurement_id, item_key, subject) do update
     set state = excluded.state, modified_at = excluded.modified_at,
         last_observed_at = greatest(kept.last_observed_at, excluded.last_observed_at)`;

/**
 * Forgets what the detector knows of series whose points were changed at a time: the next point has it learn them
 * anew.
 *
 * @param series those that are not watched are forgotten where they are known
 */
export async function forgetStates(
  connection: Database,
  { subject, observedAt }: { readonly subject: string; readonly observedAt: Date },
  series: readonly (SeriesId & { readonly isWatched: boolean })[],
  now: Date,
): Promise<void> {
  if (series.length === 0) return;
  const watched = series.map(({ isWatched }) => isWatched);
  await connection.query(FORGET_STATES, [...keysOf(series), watched, subject, observedAt, now]);
}

function keysOf(series: readonly SeriesId[]): [number[], string[]] {
  return [
    series.map(({ companyMeasurementId }) => companyMeasurementId),
    series.map(({ itemKey }) => itemKey),
  ];
}
