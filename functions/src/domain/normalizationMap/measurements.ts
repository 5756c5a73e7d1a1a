import { z } from "zod";
import { ApiError } from "../../platform/apiError.ts";
import { type Database, selectRow, selectRows } from "../../platform/postgres.ts";
import type { Mapping, MeasuredMap, MeasuredMapping, NormalizationMap } from "./normalizationMap.ts";

/** What makes two measurements of a source the same one. */
interface MeasurementKey {
  readonly parentId: number | null;
  readonly name: string;
  /** Lower case. */
  readonly type: string;
}

/** A measurement of a source. */
export interface MappedMeasurement extends MeasurementKey {
  readonly sourceId: number;
}

/**
 * Makes sure that the source has one measurement for each mapping. One that an earlier handshake or the web
 * application made is used rather than doubled; doubles stay, unused.
 *
 * @returns the map with the ids of the source's own measurements
 */
export async function ensureMeasurements(
  db: Database,
  sourceId: number,
  map: NormalizationMap,
  now: Date,
): Promise<MeasuredMap> {
  const roots = map.Mappings.map((mapping) => unmeasured(mapping));
  // Level by level, because a measurement needs its parent's id.
  for (let level = roots; level.length > 0; level = level.flatMap(({ children }) => children)) {
    const keys = level.map(({ mapping, parent }) => ({
      parentId: parent?.id ?? null,
      name: mapping.MeasurementName,
      type: mapping.DataType,
    }));
    const { ids } = await ensureAll(db, sourceId, keys, now);
    level.forEach((node, index) => {
      node.id = ids[index];
    });
  }
  const measuredMap = { Source: map.Source, Mappings: roots.map(measured) };
  await keepPeriods(db, measuredMap.Mappings);
  return measuredMap;
}

const periodRow = z.object({ sourceMeasurementId: z.int(), period: z.string() });

const PERIODS_OF = `
  select source_measurement_id, period from pipeline.measurement_period where source_measurement_id = any ($1::int[])`;

const KEEP_PERIODS = `
  with gone as (
    delete from pipeline.measurement_period where source_measurement_id = any ($1::int[])
       and source_measurement_id <> all ($2::int[])
  )
  insert into pipeline.measurement_period (source_measurement_id, period)
  select * from unnest($2::int[], $3::text[])
  on conflict (source_measurement_id) do update set period = excluded.period`;

/** Keeps which period the values of a measurement are about: readers of series have no map. */
async function keepPeriods(db: Database, mappings: readonly MeasuredMapping[]): Promise<void> {
  const flat = flattened(mappings);
  const ids = flat.map(({ source_measurement_id }) => source_measurement_id);
  const wanted = new Map(
    flat.flatMap(({ source_measurement_id: id, Period }) => (Period === undefined ? [] : [[id, Period]])),
  );
  const known = await selectRows(db, periodRow, PERIODS_OF, [ids]);
  const isKnown =
    known.length === wanted.size &&
    known.every(({ sourceMeasurementId, period }) => wanted.get(sourceMeasurementId) === period);
  if (!isKnown) await db.query(KEEP_PERIODS, [ids, [...wanted.keys()], [...wanted.values()]]);
}

function flattened(mappings: readonly MeasuredMapping[]): MeasuredMapping[] {
  return mappings.flatMap((mapping) => [mapping, ...flattened(mapping.NestedMappings ?? [])]);
}

/** A mapping, and the id of its measurement once that is known. */
interface Node {
  readonly mapping: Mapping;
  readonly parent: Node | undefined;
  readonly children: Node[];
  id: number | undefined;
}

function unmeasured(mapping: Mapping, parent?: Node): Node {
  const node: Node = { mapping, parent, children: [], id: undefined };
  node.children.push(...(mapping.NestedMappings ?? []).map((child) => unmeasured(child, node)));
  return node;
}

function measured({ mapping, children, id }: Node): MeasuredMapping {
  if (id === undefined) throw new Error(`The measurement "${mapping.MeasurementName}" was not made`);
  const { NestedMappings, ...fields } = mapping;
  return {
    ...fields,
    ...(NestedMappings && { NestedMappings: children.map(measured) }),
    source_measurement_id: id,
  };
}

/**
 * Makes sure of one measurement, for a module that asks for it.
 *
 * @returns its id, and whether it is new
 * @throws ApiError where the parent is not a measurement of the same source
 */
export async function ensureMeasurement(
  db: Database,
  { sourceId, parentId, name, type }: MappedMeasurement,
  now: Date,
): Promise<{ id: number; created: boolean }> {
  if (parentId !== null) await checkParent(db, sourceId, parentId);
  const { ids, created } = await ensureAll(db, sourceId, [{ parentId, name, type: type.toLowerCase() }], now);
  const [id] = ids;
  if (id === undefined) throw new Error(`The measurement "${name}" was removed while it was made`);
  return { id, created: created.has(id) };
}

const idOnly = z.object({ id: z.int() });

async function checkParent(db: Database, sourceId: number, parentId: number): Promise<void> {
  const parent = await selectRow(
    db,
    idOnly,
    "select id from source_measurement where id = $1 and source_module_id = $2",
    [parentId, sourceId],
  );
  if (parent !== undefined) return;
  const message = `The source has no measurement ${parentId}`;
  throw new ApiError("invalid_request", message, { details: [{ path: "parent_measurement_id", message }] });
}

const found = z.object({ position: z.int(), id: z.int() });

/** The canonical measurement of each key, in their order. Nothing is written where all are there. */
async function ensureAll(
  db: Database,
  sourceId: number,
  keys: readonly MeasurementKey[],
  now: Date,
): Promise<{ ids: readonly (number | undefined)[]; created: ReadonlySet<number> }> {
  const values = [
    sourceId,
    keys.map(({ parentId }) => parentId),
    keys.map(({ name }) => name),
    keys.map(({ type }) => type),
  ];
  let rows = await selectRows(db, found, FIND_CANONICAL, values);
  let created: { id: number }[] = [];
  if (rows.length < keys.length) {
    created = await selectRows(db, idOnly, MAKE_CANONICAL, [...values, now]);
    rows = await selectRows(db, found, FIND_CANONICAL, values);
  }
  const byPosition = new Map(rows.map(({ position, id }) => [position, id]));
  return {
    ids: keys.map((_, index) => byPosition.get(index + 1)),
    created: new Set(created.map(({ id }) => id)),
  };
}

const WANTED =
  "unnest($2::int[], $3::text[], $4::text[]) with ordinality as w (parent_id, name, type, position)";

// Reads source_measurement_canonical_key.
const FIND_CANONICAL = `
  select w.position::int as position, m.id
    from ${WANTED}
    join source_measurement m
      on m.source_module_id = $1 and m.parent_measurement_id is not distinct from w.parent_id
     and m.measurement_name = w.name and m.type = w.type and m.is_canonical`;

// For each key the oldest row that is the same measurement becomes the canonical one; where there is none, one is
// made. Two at once choose the same rows: the second waits for the first, at the row's lock (taken in the order of
// ids) or at source_measurement_canonical_key (in the order of keys), and then finds the work done.
const MAKE_CANONICAL = `
  with candidate as (
    select distinct on (w.parent_id, w.name, w.type) w.parent_id, w.name, w.type, m.id
      from ${WANTED}
      left join source_measurement m
        on m.source_module_id = $1 and m.parent_measurement_id is not distinct from w.parent_id
       and m.measurement_name = w.name and lower(m.type) = w.type
     order by w.parent_id, w.name, w.type, m.type = w.type and m.is_canonical desc, m.id
  ), locked as (
    select id from source_measurement
     where id in (select id from candidate)
     order by id
       for no key update
  ), adopted as (
    update source_measurement m
       set is_canonical = true, type = candidate.type, modified_at = $5
      from candidate
      join locked using (id)
     where m.id = candidate.id and (not m.is_canonical or m.type <> candidate.type)
  )
  insert into source_measurement
    (source_module_id, parent_measurement_id, measurement_name, type, is_canonical, created_at, modified_at)
  select $1, parent_id, name, type, true, $5, $5
    from candidate
   where id is null
   order by parent_id, name, type
  on conflict (source_module_id, parent_measurement_id, measurement_name, type) where is_canonical do nothing
  returning id`;
