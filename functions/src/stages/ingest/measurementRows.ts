import { z } from "zod";
import { ApiError, invalidRequest } from "../../platform/apiError.ts";
import { errorCode } from "../../platform/errorCode.ts";
import { type Database, selectRow, selectRows, type TransactionalDatabase } from "../../platform/postgres.ts";

const measurementRow = z.object({
  id: z.number(),
  type: z.string(),
  measurementName: z.string(),
  sourceModuleId: z.number(),
  parentMeasurementId: z.number().nullable(),
  createdAt: z.date(),
  modifiedAt: z.date(),
});

export type MeasurementRow = z.output<typeof measurementRow>;

const COLUMNS =
  "id, type, measurement_name, source_module_id, parent_measurement_id, created_at, modified_at";

const LIST = `
  select ${COLUMNS} from source_measurement where source_module_id = $1::bigint
   order by id limit $2 offset $3`;

const counted = z.object({ total: z.number() });

const COUNT = "select count(*)::int as total from source_measurement where source_module_id = $1::bigint";

/** One page of a source's measurements, the oldest first. */
export async function listMeasurements(
  db: Database,
  sourceId: number,
  { number, size }: { number: number; size: number },
): Promise<{ total: number; measurements: MeasurementRow[] }> {
  const count = await selectRow(db, counted, COUNT, [sourceId]);
  const values = [sourceId, size, (number - 1) * size];
  return { total: count?.total ?? 0, measurements: await selectRows(db, measurementRow, LIST, values) };
}

const FIND = `select ${COLUMNS} from source_measurement where id = $1::bigint`;

/** @throws ApiError 404 where there is none, 403 where it is another source's */
export async function findMeasurement(db: Database, sourceId: number, id: number): Promise<MeasurementRow> {
  const row = await selectRow(db, measurementRow, FIND, [id]);
  if (row === undefined) throw new ApiError("not_found", `There is no measurement ${id}`);
  if (row.sourceModuleId === sourceId) return row;
  throw new ApiError("forbidden", "The measurement belongs to another data source");
}

export interface MeasurementChange {
  readonly sourceId: number;
  readonly id: number;
  readonly change: {
    readonly type?: string | undefined;
    readonly measurementName?: string | undefined;
    readonly parentMeasurementId?: number | null | undefined;
  };
  readonly now: Date;
}

// Two changes of one source's tree at once could make a circle of what each alone keeps a tree.
const LOCK_TREE = "select id from data_source where id = $1::bigint for no key update";

const CHANGE = `
  update source_measurement
     set type = $2, measurement_name = $3, parent_measurement_id = $4, modified_at = $5
   where id = $1
  returning ${COLUMNS}`;

/**
 * Changes what is given and keeps the rest.
 *
 * @throws ApiError 403, 404; 409 where the source has another measurement of that kind; 422 for a wrong parent
 */
export function changeMeasurement(
  db: TransactionalDatabase,
  { sourceId, id, change, now }: MeasurementChange,
): Promise<MeasurementRow> {
  return db.transaction(async (connection) => {
    await connection.query(LOCK_TREE, [sourceId]);
    const old = await findMeasurement(connection, sourceId, id);
    const parentId =
      change.parentMeasurementId === undefined ? old.parentMeasurementId : change.parentMeasurementId;
    if (parentId !== null && parentId !== old.parentMeasurementId) {
      await checkParent(connection, { sourceId, id, parentId });
    }
    const values = [
      id,
      change.type ?? old.type,
      change.measurementName ?? old.measurementName,
      parentId,
      now,
    ];
    const [changed] = await conflictOn(
      UNIQUE_VIOLATION,
      "This data source already has a measurement with this name and type",
      selectRows(connection, measurementRow, CHANGE, values),
    );
    if (changed === undefined) throw new ApiError("not_found", `There is no measurement ${id}`);
    return changed;
  });
}

const ancestor = z.object({ id: z.number(), sourceModuleId: z.number() });

const ANCESTORS = `
  with recursive ancestor (id, parent_measurement_id, source_module_id) as (
    select id, parent_measurement_id, source_module_id from source_measurement where id = $1::bigint
    union
    select m.id, m.parent_measurement_id, m.source_module_id
      from source_measurement m join ancestor a on m.id = a.parent_measurement_id
  )
  select id, source_module_id from ancestor`;

async function checkParent(
  connection: Database,
  { sourceId, id, parentId }: { sourceId: number; id: number; parentId: number },
): Promise<void> {
  const ancestors = await selectRows(connection, ancestor, ANCESTORS, [parentId]);
  const parent = ancestors.find((ancestor) => ancestor.id === parentId);
  if (parent?.sourceModuleId !== sourceId) throw wrongParent("is not a measurement of the data source");
  if (ancestors.some((ancestor) => ancestor.id === id)) throw wrongParent("is below the measurement itself");
}

function wrongParent(message: string): ApiError {
  return invalidRequest([{ path: "parent_measurement_id", message }]);
}

const DELETE = "delete from source_measurement where id = $1";

/** Deletes a measurement with its values. @throws ApiError 403, 404; 409 where news refer to it */
export async function deleteMeasurement(db: Database, sourceId: number, id: number): Promise<void> {
  await findMeasurement(db, sourceId, id);
  await conflictOn(RESTRICTED, "News refer to this measurement or to one below it", db.query(DELETE, [id]));
}

const UNIQUE_VIOLATION = ["23505"];
// foreign_key_violation up to PostgreSQL 17, restrict_violation from 18 on.
const RESTRICTED = ["23503", "23001"];

async function conflictOn<T>(codes: readonly string[], message: string, statement: Promise<T>): Promise<T> {
  try {
    return await statement;
  } catch (error) {
    const code = errorCode(error);
    if (typeof code === "string" && codes.includes(code)) {
      throw new ApiError("conflict", message, { cause: error });
    }
    throw error;
  }
}
