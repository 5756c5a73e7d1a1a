import { placeholderKind } from "../../domain/analysis/placeholder.ts";
import type { TextPoint } from "../../domain/analysis/series.ts";
import type { FindingFacts } from "../../domain/finding/finding.ts";
import type { Severity } from "../../domain/message/message.ts";
import { sameText, withoutMarkup } from "../../domain/words/markup.ts";
import { clipLine } from "../../domain/words/text.ts";
import type { Candidate } from "./candidate.ts";
import type { ItemNames } from "./itemNames.ts";
import type { ItemsTold } from "./items.ts";

/** A value that is not a number, and what it was. */
type ChangedPoint = TextPoint & { readonly previous: string };

/** The text, paragraph, link, image, date and bool values that are not what they were. */
export function changedPoints(
  texts: readonly TextPoint[],
  isReused: ItemsTold["isReused"] = () => false,
): ChangedPoint[] {
  return texts.flatMap((point) => {
    const { previous } = point;
    if (isReused(point.measurement, point.itemKey)) return [];
    if (previous === null || isSame(point, previous) || isVolatile(point)) return [];
    if (isNoContent(point.type, point.value) || isNoContent(point.type, previous)) return [];
    return [{ ...point, previous }];
  });
}

/** A text that is blank, or what a page shows in place of its content, says nothing of the company. */
function isNoContent(type: TextPoint["type"], text: string): boolean {
  if (type !== "text" && type !== "paragraph") return false;
  return text.trim() === "" || placeholderKind(text) !== undefined;
}

function isSame({ type, value }: TextPoint, previous: string): boolean {
  if (value === previous) return true;
  if (type === "link" || type === "image") return bareAddress(value) === bareAddress(previous);
  if (type === "text" || type === "paragraph") return isSameText(value, previous);
  return false;
}

/** An address without what changes by itself: the signature of a picture's link, a tracking number. */
export function bareAddress(address: string): string {
  return (
    address
      .trim()
      .replace(/[?#].*$/s, "")
      // Looks at a run of slashes once, not once for each of them.
      .replace(/(?<!\/)\/+$/, "")
      .replace(/^https?:\/\/(?:www\.)?/i, "")
  );
}

/** Whether a reader sees the same text, or the same elements of a list in whatever order and form. */
function isSameText(text: string, previous: string): boolean {
  if (sameText(text) === sameText(previous)) return true;
  const [elements, before] = [listOf(text), listOf(previous)];
  if (elements === undefined && before === undefined) return false;
  const partsOf = (list: string[] | undefined, one: string) =>
    JSON.stringify((list ?? one.split(/[,;|\n]/)).map(sameText).filter(Boolean).toSorted());
  return partsOf(elements, text) === partsOf(before, previous);
}

/** The elements of a list that is kept as one text. */
function listOf(text: string): string[] | undefined {
  if (!text.startsWith("[")) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed.map(String) : undefined;
  } catch {
    return undefined;
  }
}

const TELLS_OF_MINING =
  /\b(?:updated|modified|changed|pushed|crawled|fetched|scraped|synced|observed|seen)\b/i;
const ALONGSIDE = 48 * 3_600_000;

/** A date that says when something was last touched, by its name or because it goes along with the observation. */
function isVolatile({ type, measurement, value, previous, previousAt, observedAt }: TextPoint): boolean {
  if (type !== "date") return false;
  if (TELLS_OF_MINING.test(measurement.name)) return true;
  const lag = (date: string | null, at: Date | null) =>
    date === null || at === null ? Number.POSITIVE_INFINITY : Math.abs(Date.parse(`${date}Z`) - at.getTime());
  return lag(value, observedAt) < ALONGSIDE && lag(previous, previousAt) < ALONGSIDE;
}

/** Findings for changed values of the company itself, one each. The values of items are told by itemChanges. */
export function ownChanges(changed: readonly ChangedPoint[]): Candidate[] {
  return changed
    .filter(({ itemKey }) => itemKey === "")
    .map((point) => ({
      detector: "change",
      measurementId: point.measurement.id,
      companyMeasurementId: point.companyMeasurementId,
      itemKey: "",
      observedAt: point.observedAt,
      severity: severityOfChange(point),
      measurement: point.measurement,
      facts: factsOf(point),
    }));
}

function factsOf(point: ChangedPoint): FindingFacts {
  const previous = shownValue(point, point.previous);
  const value = shownValue(point, point.value);
  return {
    kind: "change",
    previous,
    value,
    direction: clipLine(point.value, 200),
    why: `The value was “${previous}” in the observation before, and is “${value}” now.`,
  };
}

// That something is active or not says more than how it is described.
function severityOfChange({ type }: TextPoint): Severity {
  return type === "bool" ? "medium" : "low";
}

function shownValue({ type }: TextPoint, value: string): string {
  if (type === "bool") return value === "true" ? "yes" : "no";
  if (type === "date") return value.replace(/ 00:00:00$/, "");
  const elements = listOf(value);
  return clipLine(withoutMarkup(elements === undefined ? value : elements.join(", ")), 120);
}

/** How many items of which names are in a summary. */
const MAX_NAMED = 5;

/** A measurement that names an item to machines: that it changes is no news. */
export const IDS = /\b(?:id|guid|uuid|hash|key)\b/i;

/** Findings for changed values of items: one for each measurement, however many items. */
export function itemChanges(changed: readonly ChangedPoint[], names: ItemNames): Candidate[] {
  const bySeries = Map.groupBy(
    changed.filter(({ itemKey, measurement }) => itemKey !== "" && !IDS.test(measurement.name)),
    ({ companyMeasurementId }) => companyMeasurementId,
  );
  return [...bySeries.values()].flatMap((points) => {
    const [first] = points;
    if (first === undefined) return [];
    const { measurement, companyMeasurementId, observedAt } = first;
    const labels = points.flatMap((point) => names(point.measurement, point.itemKey) ?? []);
    return [
      {
        detector: "change",
        measurementId: measurement.id,
        companyMeasurementId,
        itemKey: points.length === 1 ? first.itemKey : "",
        observedAt,
        severity: "low" as const,
        measurement,
        facts: {
          kind: "items" as const,
          changed: [...new Set(labels)].slice(0, MAX_NAMED),
          changedCount: points.length,
          added: [],
          addedCount: 0,
          removed: [],
          removedCount: 0,
          why: "The values are not what they were in the observation before.",
        },
      },
    ];
  });
}
