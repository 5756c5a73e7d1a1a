import type { MeasuredMap, MeasuredMapping } from "../normalizationMap/normalizationMap.ts";
import { isRawObject, type RawObject, type RawValue } from "../rawDocument/losslessJson.ts";
import { convertValue } from "./convertValue.ts";
import { describeReceived } from "./describeReceived.ts";
import type { DocumentList, DocumentLists } from "./documentLists.ts";
import { elementPath, fieldPath } from "./fieldPath.ts";
import { itemKeys, joinKeys, numberRepeated } from "./itemKeys.ts";
import type { Field, Issue, Value } from "./value.ts";

/** What a map makes of a raw answer. */
export interface Extraction {
  readonly values: readonly Value[];
  readonly issues: readonly Issue[];
  /** The measurements that came: those of the values, and those of the nested fields around them. */
  readonly measurementIds: readonly number[];
  /** The lists at the top level that came. */
  readonly lists: DocumentLists;
  /** All fields of the map, and those that came without being in it. */
  readonly fields: readonly Field[];
}

/**
 * Reads a raw answer by a map. A field is found by its path, so a name that occurs on several levels means on each
 * what the map says there. Every mapped field that is not null becomes either a value or an issue, of which the first
 * 10,000 are kept.
 */
export function extractValues(map: MeasuredMap, rawData: RawObject): Extraction {
  const fields = mappedFields(map.Mappings, "");
  const reading: Reading = {
    values: [],
    issues: new Map(),
    measurementIds: new Set(),
    lists: new Map(),
    seen: new Set(),
    unmapped: new Set(),
    uniqueKeys: new Map(),
  };
  readObject(reading, { fields, path: "" }, rawData, { itemKey: "", path: "" });
  return {
    values: reading.values,
    issues: [...reading.issues.values()],
    measurementIds: [...reading.measurementIds],
    lists: reading.lists,
    fields: [
      ...pathsOf(fields).map((path) => ({ path, isMapped: true, isSeen: reading.seen.has(path) })),
      ...[...reading.unmapped].map((path) => ({ path, isMapped: false, isSeen: true })),
    ],
  };
}

/** A mapping, with those below it by their field. A field may be mapped more than once. */
interface MappedField {
  readonly mapping: MeasuredMapping;
  readonly path: string;
  readonly nested: MappedFields;
}

type MappedFields = ReadonlyMap<string, readonly MappedField[]>;

interface Reading {
  readonly values: Value[];
  /** By path and expectation: a field that is mapped twice has one problem. */
  readonly issues: Map<string, Issue>;
  readonly measurementIds: Set<number>;
  readonly lists: Map<number, DocumentList>;
  readonly seen: Set<string>;
  readonly unmapped: Set<string>;
  /** By measurement. */
  readonly uniqueKeys: Map<number, (key: string) => string>;
}

/** Where in the raw answer the reading is. */
interface Place {
  readonly itemKey: string;
  readonly path: string;
}

function mappedFields(mappings: readonly MeasuredMapping[], parentPath: string): MappedFields {
  const fields = mappings.map((mapping) => {
    const path = fieldPath(parentPath, mapping.SourceField);
    return { mapping, path, nested: mappedFields(mapping.NestedMappings ?? [], path) };
  });
  return Map.groupBy(fields, ({ mapping }) => mapping.SourceField);
}

function pathsOf(fields: MappedFields): string[] {
  const paths = [...fields.values()].flat().flatMap(({ path, nested }) => [path, ...pathsOf(nested)]);
  return [...new Set(paths)];
}

// A source may use ids as field names; a hundred of them are enough to see it.
const MAX_UNMAPPED = 100;

function readObject(
  reading: Reading,
  level: { readonly fields: MappedFields; readonly path: string },
  object: RawObject,
  place: Place,
): void {
  for (const [name, raw] of Object.entries(object)) {
    const fields = level.fields.get(name);
    if (fields === undefined) {
      if (reading.unmapped.size < MAX_UNMAPPED) reading.unmapped.add(fieldPath(level.path, name));
      continue;
    }
    const at = { itemKey: place.itemKey, path: fieldPath(place.path, name) };
    for (const field of fields) {
      reading.seen.add(field.path);
      if (raw !== null) readField(reading, field, raw, at);
    }
  }
}

function readField(reading: Reading, field: MappedField, raw: Exclude<RawValue, null>, place: Place): void {
  const { DataType, source_measurement_id: measurementId, Format: format } = field.mapping;
  if (DataType === "nested") {
    readNested(reading, field, raw, place);
    return;
  }
  const converted = convertValue(DataType, raw, format);
  if ("expected" in converted) {
    report(reading, place.path, converted.expected, raw);
    return;
  }
  const { unit, ...stored } = converted;
  reading.measurementIds.add(measurementId);
  reading.values.push({
    measurementId,
    itemKey: uniqueKey(reading, measurementId, place.itemKey),
    path: place.path,
    stored,
    ...(unit === undefined ? {} : { unit }),
  });
}

function readNested(reading: Reading, field: MappedField, raw: RawValue, place: Place): void {
  const level = { fields: field.nested, path: field.path };
  if (isRawObject(raw)) {
    reading.measurementIds.add(field.mapping.source_measurement_id);
    if (place.itemKey === "") {
      const [key = ""] = itemKeys([raw], field.mapping.NestedMappings ?? []);
      reading.lists.set(field.mapping.source_measurement_id, { size: 1, single: joinKeys("", key) });
    }
    readObject(reading, level, raw, place);
  } else if (Array.isArray(raw)) {
    reading.measurementIds.add(field.mapping.source_measurement_id);
    readElements(reading, field, raw, place);
  } else {
    report(reading, place.path, "a list or an object", raw);
  }
}

function readElements(
  reading: Reading,
  field: MappedField,
  elements: readonly RawValue[],
  place: Place,
): void {
  const keys = itemKeys(elements, field.mapping.NestedMappings ?? []);
  if (place.itemKey === "") recordList(reading, field, elements, keys);
  for (const [index, element] of elements.entries()) {
    const path = elementPath(place.path, index);
    if (isRawObject(element)) {
      const itemKey = joinKeys(place.itemKey, keys[index] ?? `[${index}]`);
      readObject(reading, { fields: field.nested, path: field.path }, element, { itemKey, path });
    } else if (element !== null) {
      report(reading, path, "an object", element);
    }
  }
}

/** A list of nothing but null is none. */
function recordList(
  reading: Reading,
  { mapping }: MappedField,
  elements: readonly RawValue[],
  keys: readonly string[],
): void {
  const present = keys.filter((_, index) => elements[index] !== null);
  if (present.length === 0 && elements.length > 0) return;
  const { source_measurement_id: id, Extent: extent } = mapping;
  const [first] = present;
  const last = present.at(-1);
  reading.lists.set(id, {
    size: present.length,
    ...(first === undefined ? {} : { first: joinKeys("", first) }),
    ...(last === undefined ? {} : { last: joinKeys("", last) }),
    ...(extent === undefined ? {} : { extent }),
  });
}

// Nobody reads more, and half a million take minutes to write.
const MAX_ISSUES = 10_000;

function report(reading: Reading, path: string, expected: string, raw: RawValue): void {
  if (reading.issues.size >= MAX_ISSUES) return;
  reading.issues.set(`${path} ${expected}`, { path, expected, received: describeReceived(raw) });
}

/** Two fields may share a measurement: their values are kept apart by a number. */
function uniqueKey(reading: Reading, measurementId: number, itemKey: string): string {
  let numbered = reading.uniqueKeys.get(measurementId);
  if (numbered === undefined) {
    numbered = numberRepeated();
    reading.uniqueKeys.set(measurementId, numbered);
  }
  return numbered(itemKey);
}
