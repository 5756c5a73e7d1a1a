import type {
  DataType,
  MeasuredMap,
  MeasuredMapping,
} from "../src/domain/normalizationMap/normalizationMap.ts";

/** A mapping in short, with its measurement's id. */
export type Short = readonly [field: string, type: DataType, id: number, nested?: readonly Short[]];

function mapping([SourceField, DataType, id, nested]: Short): MeasuredMapping {
  return {
    SourceField,
    DataType,
    MeasurementName: `measurement ${id}`,
    ...(nested && { NestedMappings: nested.map(mapping) }),
    source_measurement_id: id,
  };
}

/** A map of mappings in short. */
export function mapOf(...mappings: readonly Short[]): MeasuredMap {
  return { Source: "x", Mappings: mappings.map(mapping) };
}
