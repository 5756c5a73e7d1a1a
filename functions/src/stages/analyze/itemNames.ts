import type { Measurement } from "../../domain/analysis/series.ts";
import { withoutMarkup } from "../../domain/words/markup.ts";
import { clipLine, clipWords } from "../../domain/words/text.ts";

/** Gives the name of an item of a nested list; undefined where it has none that people know. */
export type ItemNames = (measurement: Measurement, itemKey: string) => string | undefined;

/** A value of an item that may name it. */
export interface NamingValue {
  readonly measurement: Measurement;
  readonly itemKey: string;
  readonly type: string;
  readonly value: string | null;
}

/** What items are called, by their values. */
export function itemNamesOf(values: Iterable<NamingValue>): ItemNames {
  const byItem = new Map<string, NamingValue[]>();
  for (const value of values) {
    if (value.itemKey === "") continue;
    const key = keyOf(value.measurement, value.itemKey);
    const known = byItem.get(key);
    if (known === undefined) byItem.set(key, [value]);
    else known.push(value);
  }
  return (measurement, itemKey) => nameOf(byItem.get(keyOf(measurement, itemKey)) ?? [], itemKey);
}

const NAMES = /\b(?:name|title|headline|subject|label|position|role)\b/i;
const LONGEST_NAME = 60;

/**
 * What one item is called: its name or title, else its key where that is words, else another text of it, or the first
 * words of a long one. Never an id or a hash.
 */
export function nameOf(values: readonly NamingValue[], itemKey: string): string | undefined {
  const texts = values.flatMap(({ measurement, type, value }) =>
    value === null || (type !== "text" && type !== "paragraph")
      ? []
      : [{ name: measurement.name, type, text: withoutMarkup(value) }],
  );
  const short = texts.filter(({ type, text }) => type === "text" && isWords(text));
  const named = short.find(({ name }) => NAMES.test(name))?.text ?? nameInKey(itemKey) ?? short[0]?.text;
  if (named !== undefined) return clipLine(named, LONGEST_NAME);
  const long = texts.find(({ text }) => isWords(text))?.text;
  return long === undefined ? undefined : clipWords(long, LONGEST_NAME);
}

function keyOf(measurement: Measurement, itemKey: string): string {
  return `${measurement.parent?.id} ${itemKey}`;
}

/** The last part of an item's key, where it is made of words: the name in an address, or a name. */
function nameInKey(itemKey: string): string | undefined {
  const last = itemKey
    .split("/")
    .findLast((part) => part !== "")
    ?.replace(/[?#].*$/s, "");
  if (last === undefined || last.startsWith("[") || !isWords(last)) return undefined;
  // One word with digits is an id as often as a name.
  return /\d/.test(last) && !/\s/.test(last) && !/\p{L}{3}/u.test(last) ? undefined : last;
}

const LETTER = /\p{L}/u;
const ADDRESS = /^(?:https?:\/\/|www\.)\S+$/i;
const HASH = /^(?:sha\d+:|md5:)|^(?=.*\d)[0-9a-f-]{12,}$|^(?=.*\d)(?=.*[A-Za-z])[\w+/=-]{20,}$/i;

/** Whether a text says something to a reader: no number, address, id or hash. */
function isWords(text: string): boolean {
  return LETTER.test(text) && !ADDRESS.test(text) && !HASH.test(text);
}
