import { isRawObject, type RawValue } from "./losslessJson.ts";

/** JSON text that is the same for values that are equal: fields sorted, no white space, every digit kept. */
export function canonicalJson(value: RawValue): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (value === null || typeof value !== "object") return String(value);
  if (!isRawObject(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const fields = Object.keys(value)
    .sort(byCodeUnits)
    .map((field) => `${JSON.stringify(field)}:${canonicalJson(value[field] ?? null)}`);
  return `{${fields.join(",")}}`;
}

/** The default order of sort(), which no locale changes. */
function byCodeUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
