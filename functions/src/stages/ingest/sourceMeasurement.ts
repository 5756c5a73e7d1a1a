import { z } from "zod";
import { type ModuleClaims, modules } from "../../domain/miningModule/moduleToken.ts";
import { ensureMeasurement } from "../../domain/normalizationMap/measurements.ts";
import { ApiError } from "../../platform/apiError.ts";
import { rowId, storableText } from "../../platform/fields.ts";
import { type Paths, route } from "../../platform/http.ts";
import { database } from "../../platform/postgres.ts";
import { findSource } from "./findSource.ts";
import {
  changeMeasurement,
  deleteMeasurement,
  findMeasurement,
  listMeasurements,
  type MeasurementRow,
} from "./measurementRows.ts";

const measurementType = z
  .string()
  .transform((type) => type.toLowerCase())
  .pipe(z.enum(["int", "float", "text", "paragraph", "comment", "link", "image", "date", "bool", "nested"]));

// Longer than any name, and short enough for the index that keeps names unique.
const measurementName = storableText.min(1).max(500);

const newMeasurement = z.object({
  source_module_id: rowId,
  type: measurementType,
  measurement_name: measurementName,
  parent_measurement_id: rowId.nullish(),
});

const measurementChange = z.object({
  source_module_id: rowId.optional(),
  type: measurementType.optional(),
  measurement_name: measurementName.optional(),
  parent_measurement_id: rowId.nullable().optional(),
});

const pageNumber = z.coerce.number().int().min(1);

const page = z.object({
  page: pageNumber.max(1_000_000).default(1),
  per_page: pageNumber.max(100).default(10),
});

/** Every route keeps to the measurements of the source that the token names. */
export const paths: Paths = {
  "/": {
    POST: route(
      {
        callers: modules,
        summary: "registers a measurement; an existing one keeps its id",
        body: newMeasurement,
      },
      async ({ claims, now, json }) => {
        const sent = await json();
        checkSource(claims, sent.source_module_id);
        const db = await database();
        await findSource(db, claims.sourceId);
        const { id } = await ensureMeasurement(
          db,
          {
            sourceId: claims.sourceId,
            parentId: sent.parent_measurement_id ?? null,
            name: sent.measurement_name,
            type: sent.type,
          },
          now,
        );
        return { status: 201, body: { id, creation_msg: "Source Measurement successfully created" } };
      },
    ),
    GET: route(
      { callers: modules, summary: "the source's measurements, page by page", query: page },
      async ({ claims, query }) => {
        const { page: number, per_page: size } = query();
        const db = await database();
        const { total, measurements } = await listMeasurements(db, claims.sourceId, { number, size });
        return {
          status: 200,
          body: { measurements_list: measurements.map(bodyOf), num_pages: Math.ceil(total / size) },
        };
      },
    ),
  },
  "/:id": {
    GET: route({ callers: modules, summary: "one measurement" }, async ({ claims, id }) => ({
      status: 200,
      body: bodyOf(await findMeasurement(await database(), claims.sourceId, id)),
    })),
    PUT: route(
      { callers: modules, summary: "changes a measurement", body: measurementChange },
      async ({ claims, id, now, json }) => {
        const sent = await json();
        checkSource(claims, sent.source_module_id ?? claims.sourceId);
        const changed = await changeMeasurement(await database(), {
          sourceId: claims.sourceId,
          id,
          change: {
            type: sent.type,
            measurementName: sent.measurement_name,
            parentMeasurementId: sent.parent_measurement_id,
          },
          now,
        });
        return { status: 202, body: bodyOf(changed) };
      },
    ),
    DELETE: route({ callers: modules, summary: "deletes a measurement" }, async ({ claims, id }) => {
      await deleteMeasurement(await database(), claims.sourceId, id);
      return { status: 200, body: { deletion_msg: "Source Measurement successfully deleted" } };
    }),
  },
};

/** A measurement as modules read it. */
function bodyOf(row: MeasurementRow) {
  return {
    id: row.id,
    type: row.type,
    measurement_name: row.measurementName,
    source_module_id: row.sourceModuleId,
    parent_measurement_id: row.parentMeasurementId,
    created_at: row.createdAt,
    modified_at: row.modifiedAt,
  };
}

function checkSource(claims: ModuleClaims, sourceId: number): void {
  if (sourceId !== claims.sourceId) throw new ApiError("forbidden", "The token is for another data source");
}
