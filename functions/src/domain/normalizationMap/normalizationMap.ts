import { z } from "zod";
import { type NumberFormat, numberFormat } from "./numberFormat.ts";

/** The types that a map may give a field. */
export const DATA_TYPES = [
  "int",
  "float",
  "text",
  "paragraph",
  "comment",
  "link",
  "image",
  "date",
  "bool",
  "nested",
] as const;

export type DataType = (typeof DATA_TYPES)[number];

/**
 * What becomes of one field, in the spelling that mining modules use. It stands for a field of the raw answer's
 * top level, or of the elements of the nested field that it stands below.
 */
export interface Mapping {
  readonly SourceField: string;
  readonly DataType: DataType;
  readonly MeasurementName: string;
  readonly NestedMappings?: readonly Mapping[];
  /** Of a nested field: all that there is, so that what is missing is gone at once; or a window on the newest. */
  readonly Extent?: "complete" | "window";
  /** Of a number: how the source writes it. */
  readonly Format?: NumberFormat;
  /** Of a number: which period it is about, by the calendar in UTC. */
  readonly Period?: (typeof PERIODS)[number];
}

/** How a source's fields become measurements. */
export interface NormalizationMap {
  readonly Source: string;
  readonly Mappings: readonly Mapping[];
}

/** A mapping whose measurement exists. */
export interface MeasuredMapping extends Mapping {
  readonly NestedMappings?: readonly MeasuredMapping[];
  readonly source_measurement_id: number;
}

/** The map of one source, each mapping with the id of the source's own measurement. */
export interface MeasuredMap extends NormalizationMap {
  readonly Mappings: readonly MeasuredMapping[];
}

// A level takes two of the 20 levels that a Firestore document may have; the deepest known map has four.
const MAX_LEVELS = 8;
// The largest known map has 102 mappings; a stored map has to stay below Firestore's 1 MiB.
const MAX_MAPPINGS = 2000;

// Names become keys of indexes, whose entries PostgreSQL limits to 2.7 kB, and text, which it stores without NUL.
const name = z
  .string()
  .min(1)
  .max(500)
  .refine((text) => text.isWellFormed() && !text.includes("\0"), "expected text without NUL characters");

const mappingFields = {
  SourceField: name,
  DataType: z
    .string()
    .transform((text) => text.trim().toLowerCase())
    .pipe(z.enum(DATA_TYPES)),
  MeasurementName: name,
};

// A module may send its whole object, so keys that are not ours are left out, and null stands for absent.
const mapping: z.ZodType<Mapping> = z.lazy(() =>
  z
    .preprocess(
      spelled,
      z.object({
        ...mappingFields,
        NestedMappings: z.array(mapping).nullish(),
        Complete: flag,
        Window: flag,
        Period: period,
        Format: numberFormat.nullish(),
      }),
    )
    .refine(
      ({ DataType, NestedMappings }) => DataType === "nested" || !NestedMappings?.length,
      "only a nested field has NestedMappings",
    )
    .transform(({ NestedMappings, Complete, Window, Period, Format, ...fields }) => ({
      ...fields,
      ...(NestedMappings && { NestedMappings }),
      ...(Period && { Period }),
      ...(Format && { Format }),
      ...(Window ? { Extent: "window" as const } : Complete ? { Extent: "complete" as const } : {}),
    })),
);

export const PERIODS = ["day", "week", "month", "quarter", "year"] as const;

const period = z
  .string()
  .transform((word) => word.trim().toLowerCase())
  .pipe(z.enum(PERIODS))
  .nullish();

// Modules write these keys in either case.
const flag = z
  .union([z.boolean(), z.enum(["true", "false"]).transform((word) => word === "true")])
  .nullish()
  .catch(undefined);
const formatKeys = ["locale", "unit", "compact", "currency", "percent"] as const;
const optionalKeys = ["Complete", "Window", "Period", "Format"] as const;

/** A mapping with its optional keys as they are spelled here. */
function spelled(given: unknown): unknown {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return given;
  const byLower = new Map(Object.entries(given).map(([key, value]) => [key.toLowerCase(), value]));
  const found = optionalKeys.filter((key) => byLower.has(key.toLowerCase()));
  // How a number is written may stand in the mapping itself.
  const own = formatKeys.filter((key) => byLower.get(key) !== undefined && byLower.get(key) !== null);
  return {
    ...given,
    ...Object.fromEntries(found.map((key) => [key, byLower.get(key.toLowerCase())])),
    ...(own.length === 0 ? {} : { Format: Object.fromEntries(own.map((key) => [key, byLower.get(key)])) }),
  };
}

const measuredMapping: z.ZodType<MeasuredMapping> = z.lazy(() =>
  z.object({
    ...mappingFields,
    source_measurement_id: z.int().positive(),
    NestedMappings: z.array(measuredMapping).exactOptional(),
    Extent: z.enum(["complete", "window"]).exactOptional(),
    Format: numberFormat.exactOptional(),
    Period: z.enum(PERIODS).exactOptional(),
  }),
);

/** Reads a map as a module says it, in any order and case of the data types. */
export const normalizationMap: z.ZodType<NormalizationMap> = z
  .unknown()
  .superRefine(isWithinLimits)
  .pipe(z.object({ Source: name, Mappings: z.array(mapping) }));

/** Reads a map as it was stored. */
export const measuredMap: z.ZodType<MeasuredMap> = z.object({
  Source: name,
  Mappings: z.array(measuredMapping),
});

// Looked at before the schema, which descends as deep as the value does.
function isWithinLimits(value: unknown, context: z.RefinementCtx): void {
  let level = listAt(value, "Mappings");
  let count = 0;
  for (let depth = 1; level.length > 0; depth += 1) {
    count += level.length;
    if (depth > MAX_LEVELS || count > MAX_MAPPINGS) {
      const message = `a map may have ${MAX_LEVELS} levels and ${MAX_MAPPINGS} mappings`;
      context.addIssue({ code: "custom", message });
      return;
    }
    level = level.flatMap((element) => listAt(element, "NestedMappings"));
  }
}

function listAt(value: unknown, key: string): unknown[] {
  const list = z.object({ [key]: z.array(z.unknown()) }).safeParse(value);
  return list.success ? (list.data[key] ?? []) : [];
}
