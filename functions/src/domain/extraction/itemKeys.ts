import type { MeasuredMapping } from "../normalizationMap/normalizationMap.ts";
import { isRawObject, type RawObject, type RawValue } from "../rawDocument/losslessJson.ts";
import { fingerprint, textObstacle } from "./storableText.ts";

// What an element calls itself, best first: what never changes, then what seldom does.
const OWN_NAMES = [
  "id",
  "uuid",
  "permalink",
  "html_url",
  "url",
  "link",
  "full_name",
  "name",
  "username",
  "slug",
  "title",
];
const MEASURES_A_NAME = /^(?:id|name|title) of\b|\b(?:id|name|title)$/i;
const COMMENT_TYPES = new Set(["comment", "paragraph"]);
const CONTENT_TYPES = new Set(["text", "link", "image"]);
const TEXT_TYPES = new Set(["text", "paragraph", "comment", "link", "image", "date"]);

/**
 * The keys by which the elements of a nested list are recognized in the next raw document, so that a series can be
 * followed item by item. An element's key is the first of these that it has and shares with no sibling:
 *
 * 1. what it calls itself: its id, uuid, permalink, URL, name or title;
 * 2. where it is a comment (it has a comment or paragraph), the fingerprint of its texts and dates: newer comments
 *    move the older ones, and votes change;
 * 3. a text that the map calls the id, name or title of something;
 * 4. its content: its texts and links, never its numbers;
 * 5. its position, `[3]`.
 *
 * Elements whose keys are equal even so, as those of two comments "+1", are numbered in their order.
 */
export function itemKeys(elements: readonly RawValue[], mappings: readonly MeasuredMapping[]): string[] {
  const named = new Set(
    mappings
      .filter(({ DataType, MeasurementName }) => DataType === "text" && MEASURES_A_NAME.test(MeasurementName))
      .map(({ SourceField }) => SourceField),
  ).difference(new Set(OWN_NAMES));
  const candidates = elements.map((element) =>
    isRawObject(element)
      ? [
          ...OWN_NAMES.flatMap((field) => nameIn(element, field)),
          ...textsOfComment(element, mappings),
          ...[...named].flatMap((field) => nameIn(element, field)),
          ...contentOf(element, mappings),
        ]
      : [],
  );
  const uses = new Map<string, number>();
  for (const { kind, key } of candidates.flat()) {
    const use = `${kind} ${key}`;
    uses.set(use, (uses.get(use) ?? 0) + 1);
  }
  const numbered = numberRepeated();
  return candidates.map((own, index) => {
    const alone = own.find(
      ({ kind, key }) => kind === FINGERPRINT || kind === CONTENT || uses.get(`${kind} ${key}`) === 1,
    );
    return numbered(alone?.key ?? `[${index}]`);
  });
}

interface KeyCandidate {
  /** The field that it stands in, or {@link FINGERPRINT}. */
  readonly kind: string;
  readonly key: string;
}

// No field is called so: an empty name is not among the candidates'.
const FINGERPRINT = "";
const CONTENT = " ";

function nameIn(element: RawObject, field: string): KeyCandidate[] {
  const value = Object.hasOwn(element, field) ? element[field] : undefined;
  if (typeof value === "number" || typeof value === "bigint") return [{ kind: field, key: String(value) }];
  if (typeof value !== "string" || value.trim() === "") return [];
  return [{ kind: field, key: textObstacle(value) === undefined ? value : fingerprint(value) }];
}

function textsOfComment(element: RawObject, mappings: readonly MeasuredMapping[]): KeyCandidate[] {
  const texts = mappings.flatMap(({ SourceField, DataType }) => {
    const value =
      TEXT_TYPES.has(DataType) && Object.hasOwn(element, SourceField) ? element[SourceField] : null;
    return typeof value === "string" && value !== "" ? [{ SourceField, DataType, value }] : [];
  });
  if (!texts.some(({ DataType }) => COMMENT_TYPES.has(DataType))) return [];
  const content = JSON.stringify(texts.map(({ SourceField, value }) => [SourceField, value]));
  return [{ kind: FINGERPRINT, key: fingerprint(content) }];
}

/** Short content is its own key, so that people can read it. */
function contentOf(element: RawObject, mappings: readonly MeasuredMapping[]): KeyCandidate[] {
  const texts = mappings.flatMap(({ SourceField, DataType }) => {
    if (!CONTENT_TYPES.has(DataType) || !Object.hasOwn(element, SourceField)) return [];
    const value = element[SourceField];
    return typeof value === "string" && value.trim() !== "" ? [value.trim()] : [];
  });
  if (texts.length === 0) return [];
  const content = texts.join(" · ");
  const isShort = content.length <= 100 && textObstacle(content) === undefined;
  return [{ kind: CONTENT, key: isShort ? content : fingerprint(JSON.stringify(texts)) }];
}

const MAX_LENGTH = 200;

/** The key of an element within that of the element that its list stands in. */
export function joinKeys(parentKey: string, key: string): string {
  const joined = parentKey === "" ? key : `${parentKey}/${key}`;
  return joined.length > MAX_LENGTH ? fingerprint(joined) : joined;
}

/** Gives each key back as it is the first time, and then as `key#2`, `key#3` and so on. */
export function numberRepeated(): (key: string) => string {
  const taken = new Set<string>();
  const numbers = new Map<string, number>();
  return (key) => {
    let unique = key;
    let number = numbers.get(key) ?? 1;
    while (taken.has(unique)) {
      number += 1;
      unique = `${key}#${number}`;
    }
    numbers.set(key, number);
    taken.add(unique);
    return unique;
  };
}
