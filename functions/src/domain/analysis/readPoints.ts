import { z } from "zod";
import { type Database, prepared, selectRow, selectRows } from "../../platform/postgres.ts";
import { storedLists } from "../extraction/documentLists.ts";
import { unitInKey } from "../extraction/seriesUnits.ts";
import { PERIODS } from "../normalizationMap/normalizationMap.ts";
import type { ListsBefore } from "./dataProblem.ts";
import { earlierIn, earlierNumbers, NUMBER_TABLES, THIS_DOCUMENT } from "./earlierPoints.ts";
import type { PendingDocument } from "./pendingDocument.ts";
import type { DocumentPoints, EarlierValue, Measurement } from "./series.ts";

const TEXT_TABLES = ["text", "paragraph", "link", "image", "date", "bool"] as const;
const VALUE_TABLES = [...NUMBER_TABLES, ...TEXT_TABLES, "comment"] as const;

const measurementColumns = {
  measurementId: z.int(),
  name: z.string(),
  declaredType: z.string(),
  parentId: z.int().nullable(),
  parentName: z.string().nullable(),
  isTop: z.boolean(),
};

const pointRow = z.object({
  type: z.enum(VALUE_TABLES),
  companyMeasurementId: z.int(),
  itemKey: z.string(),
  value: z.string().nullable(),
  timestamp: z.date(),
  previous: z.string().nullable(),
  previousAt: z.date().nullable(),
  unit: z.string().nullable(),
  period: z.enum(PERIODS).nullable(),
  ...measurementColumns,
});

const MEASUREMENT = `
    join company_source_measurement series using (company_measurement_id)
    join source_measurement measurement on measurement.id = series.source_measurement_id
    left join source_measurement parent on parent.id = measurement.parent_measurement_id`;
const MEASUREMENT_COLUMNS = `
         measurement.id as measurement_id, measurement.measurement_name as name, measurement.type as declared_type,
         parent.id as parent_id, parent.measurement_name as parent_name,
         parent.parent_measurement_id is null as is_top`;

const before = { series: "point", until: '< point."timestamp"', subject: "$2", limit: "1" };

function pointsIn(table: (typeof VALUE_TABLES)[number]): string {
  const isNumber = NUMBER_TABLES.some((name) => name === table);
  // What a comment says is for those who score it.
  const shown = (value: string) => (table === "comment" ? "null::text" : `${value}::text`);
  return `
    select '${table}' as type, point.company_measurement_id, point.item_key, ${shown("point.value")} as value,
           point."timestamp", ${shown("previous.value")} as previous, previous."timestamp" as previous_at
      from measurement_${table}_value point
      left join lateral ${isNumber ? earlierNumbers(before) : earlierIn(table, before)} previous on true
     where point.raw_document_id = ${THIS_DOCUMENT}`;
}

// The points by measurement_<table>_value_raw_document_idx, the one before each by …_point_key.
const POINTS = prepared(`
  with point as (${VALUE_TABLES.map(pointsIn).join(" union all ")})
  select point.*, ${MEASUREMENT_COLUMNS},
         (select period from pipeline.measurement_period period
           where period.source_measurement_id = measurement.id) as period,
         (select unit from pipeline.series_unit unit
           where unit.company_measurement_id = point.company_measurement_id and unit.item_key = point.item_key) as unit
    from point ${MEASUREMENT}
   order by measurement.id, point.item_key`);

/** The values of a raw document, each with the last one of its series before it. */
export async function readPoints(
  connection: Database,
  { id, subject }: { readonly id: string; readonly subject: string },
): Promise<DocumentPoints> {
  const rows = await selectRows(connection, pointRow, POINTS, [id, subject]);
  let outsized = 0;
  const points: { [Kind in "numeric" | "texts" | "comments"]: DocumentPoints[Kind][number][] } = {
    numeric: [],
    texts: [],
    comments: [],
  };
  for (const row of rows) {
    const at = {
      companyMeasurementId: row.companyMeasurementId,
      itemKey: row.itemKey,
      observedAt: row.timestamp,
      measurement: measurementOf(row),
    };
    const { type, previous } = row;
    const value = row.value ?? "";
    if (type === "int" || type === "bigint" || type === "float") {
      // Kept and shown; no calculation holds it.
      if (!Number.isFinite(Number(value))) {
        outsized += 1;
        continue;
      }
      points.numeric.push({
        ...at,
        value: Number(value),
        previous: previous === null ? null : Number(previous),
        previousAt: row.previousAt,
        period: row.period,
        unit: unitInKey(row.itemKey) ?? row.unit ?? undefined,
      });
    } else if (type === "comment") {
      points.comments.push({ ...at, isKnown: row.previousAt !== null });
    } else {
      points.texts.push({ ...at, type, value, previous, previousAt: row.previousAt });
    }
  }
  return { ...points, outsized };
}

function measurementOf(row: z.output<z.ZodObject<typeof measurementColumns>>): Measurement {
  return {
    id: row.measurementId,
    name: row.name,
    type: row.declaredType,
    parent: row.parentId === null ? null : { id: row.parentId, name: row.parentName ?? "", isTop: row.isTop },
  };
}

const earlierRow = z.object({
  type: z.enum(VALUE_TABLES),
  companyMeasurementId: z.int(),
  itemKey: z.string(),
  value: z.string().nullable(),
  ...measurementColumns,
});

// The document by raw_document_subject_idx; its values as above. Long texts are not needed: texts name items.
const EARLIER_DOCUMENT = prepared(`
  with document as (
    select id
      from pipeline.raw_document
     where data_source_id = $1 and company_id = $2 and observed_at < $3 and subject = $4 and value_count > 0
       and (state = 'ANALYZED' or state = 'DATA_PROBLEM' and exists (
             select from pipeline.data_problem problem
              where problem.raw_document_id = raw_document.id and problem.held_series is not null))
     order by observed_at desc, id desc
     limit 1
  ), point as (
    ${VALUE_TABLES.map(
      (table) => `
        select '${table}' as type, company_measurement_id, item_key,
               ${table === "comment" || table === "paragraph" ? "null" : "left(value::text, 200)"} as value
          from measurement_${table}_value
         where raw_document_id = (select id from document)`,
    ).join(" union all ")}
  )
  select point.*, ${MEASUREMENT_COLUMNS}
    from point ${MEASUREMENT}
   order by measurement.id, point.item_key`);

/** The values of the last sound raw document before a time about the same subject. Empty where there is none. */
export async function readEarlierDocument(
  connection: Database,
  document: {
    readonly sourceId: number;
    readonly companyId: number;
    readonly observedAt: Date;
    readonly subject: string;
  },
): Promise<EarlierValue[]> {
  const { sourceId, companyId, observedAt, subject } = document;
  const rows = await selectRows(connection, earlierRow, EARLIER_DOCUMENT, [
    sourceId,
    companyId,
    observedAt,
    subject,
  ]);
  return rows.map((row) => ({
    companyMeasurementId: row.companyMeasurementId,
    itemKey: row.itemKey,
    measurement: measurementOf(row),
    type: row.type,
    value: row.value,
  }));
}

const beforeRow = z.object({ lists: storedLists, isHeld: z.boolean() });

// By raw_document_subject_idx.
const LISTS_BEFORE = prepared(`
  with last as (
    select document.id, document.observed_at
      from pipeline.raw_document document
     where data_source_id = $1 and company_id = $2 and observed_at < $3 and subject = $4
       and state in ('ANALYZED', 'DATA_PROBLEM')
     order by observed_at desc, id desc
     limit 1
  )
  select coalesce((select problem.kind = 'HALF_LIST' from pipeline.data_problem problem join last on last.id = raw_document_id),
                  false) as is_held,
         (select document.lists
            from pipeline.raw_document document
           where data_source_id = $1 and company_id = $2 and observed_at < $3 and subject = $4 and value_count > 0
             and not exists (
               select from pipeline.data_problem problem
                where problem.raw_document_id = document.id and problem.held_series is null)
             and state in ('ANALYZED', 'DATA_PROBLEM')
           order by observed_at desc, id desc
           limit 1) as lists`);

/** The lists of the last sound document before a time about the same subject, and whether the last one was held. */
export async function readListsBefore(
  connection: Database,
  document: Pick<PendingDocument, "sourceId" | "companyId" | "observedAt" | "lists"> & {
    readonly subject: string;
  },
): Promise<ListsBefore> {
  const { sourceId, companyId, observedAt, subject } = document;
  const row = await selectRow(connection, beforeRow, LISTS_BEFORE, [
    sourceId,
    companyId,
    observedAt,
    subject,
  ]);
  return { now: document.lists, earlier: row?.lists, isHeld: row?.isHeld ?? false };
}
