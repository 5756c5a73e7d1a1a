import type { Measurement } from "../../domain/analysis/series.ts";

/** Gives the name of an item of a nested list; undefined where it has none that people know. */
export type ItemNames = (measurement: Measurement, itemKey: string) => string | undefined;

interface NamedValue {
  readonly measurement: Measurement;
  readonly itemKey: string;
  readonly type: string;
  readonly value: string | null;
}

const NAMES = /\b(?:name|title)\b/i;
const LONGEST_NAME = 60;

/** What items are called: the text of theirs that the map calls a name or a title, else their key where it is one. */
export function itemNamesOf(values: Iterable<NamedValue>): ItemNames {
  const names = new Map<string, string>();
  for (const { measurement, itemKey, type, value } of values) {
    if (itemKey === "" || type !== "text" || value === null || !NAMES.test(measurement.name)) continue;
    const key = keyOf(measurement, itemKey);
    if (!names.has(key)) names.set(key, value);
  }
  return (measurement, itemKey) => {
    const name = names.get(keyOf(measurement, itemKey)) ?? nameInKey(itemKey);
    const line = name?.replaceAll(/\s+/g, " ").trim();
    if (line === undefined || line === "") return undefined;
    return line.length > LONGEST_NAME ? `${line.slice(0, LONGEST_NAME - 1).toWellFormed()}…` : line;
  };
}

function keyOf(measurement: Measurement, itemKey: string): string {
  return `${measurement.parent?.id} ${itemKey}`;
}

/** The last part of an item's key, unless it is a position, a number or a fingerprint. */
function nameInKey(itemKey: string): string | undefined {
  const last = itemKey.split("/").findLast((part) => part !== "");
  if (last === undefined || !/\p{L}/u.test(last) || /^\[|^[0-9a-f-]{16,}$/i.test(last)) return undefined;
  return last;
}
