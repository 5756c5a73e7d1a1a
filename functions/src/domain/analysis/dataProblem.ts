import type { DocumentLists } from "../extraction/documentLists.ts";
import { unitInKey } from "../extraction/seriesUnits.ts";
import { placeholderKind } from "./placeholder.ts";
import { type DocumentPoints, type EarlierValue, seriesKey, type TextPoint } from "./series.ts";

/** What is wrong with a document. */
export interface DataProblem {
  /** In one sentence. */
  readonly problem: string;
  /** Half a list, unless the next observation has no more of it. */
  readonly kind?: "HALF_LIST";
  /** The keys of the series that are held; without them all of the document is. */
  readonly heldSeries?: readonly string[];
}

/** The lists of a document and of the last sound one before it; what is undefined was not recorded. */
export interface ListsBefore {
  readonly now: DocumentLists | undefined;
  readonly earlier: DocumentLists | undefined;
  /** Whether the document just before this one was held for half a list. */
  readonly isHeld: boolean;
}

/**
 * What is wrong with a document whose source failed without saying so: it is empty, all its numbers are 0 or all its
 * texts are blank, where the one before it was not; or a text says what a page shows in place of its content. One number
 * that falls to 0 while all else stays is news, not a problem. A list that is much shorter at once may be half an answer:
 * it is a problem until the next observation has no more of it.
 *
 * @returns undefined where it looks sound
 */
export function dataProblemOf(
  points: DocumentPoints,
  earlier: readonly EarlierValue[],
  lists: ListsBefore,
  issueCount: number,
): DataProblem | undefined {
  if (earlier.length === 0) return undefined;
  const half = halfListOf(lists, earlier);
  const problem = emptinessOf(points, earlier, lists, issueCount) ?? half;
  if (problem === undefined) return newUnitOf(points);
  return half === undefined ? { problem } : { problem, kind: "HALF_LIST" };
}

/** A series that comes in another unit for the first time: nothing can be said of it yet, nor of the old one. */
function newUnitOf({ numeric }: DocumentPoints): DataProblem | undefined {
  for (const { itemKey, measurement, previous } of numeric) {
    const unit = unitInKey(itemKey);
    if (unit === undefined || previous !== null) continue;
    const problem = `“${measurement.name}” comes in another unit (${unit}) and goes on as a series of its own`;
    return { problem, heldSeries: [] };
  }
  return undefined;
}

// Fewer come and go as people tidy up.
const MIN_LOST = 3;
const LOST_SHARE = 0.3;

function halfListOf(
  { now, earlier, isHeld }: ListsBefore,
  values: readonly EarlierValue[],
): string | undefined {
  if (now === undefined || earlier === undefined || isHeld) return undefined;
  for (const [id, before] of earlier) {
    const list = now.get(id);
    if (list === undefined || list.extent !== undefined) continue;
    const lost = before.size - list.size;
    const isHalf = lost >= MIN_LOST && lost >= before.size * LOST_SHARE;
    if (!isHalf && !(list.size === 0 && lost > 1)) continue;
    const name = values.find(({ measurement }) => measurement.parent?.id === id)?.measurement.parent?.name;
    return (
      `“${name ?? "A list"}” has ${list.size === 0 ? "none" : `only ${list.size}`} of the ${before.size} items that ` +
      "it had; the next observation decides whether the others are gone"
    );
  }
  return undefined;
}

function emptinessOf(
  points: DocumentPoints,
  earlier: readonly EarlierValue[],
  { now, isHeld }: ListsBefore,
  issueCount: number,
): string | undefined {
  const { numeric, texts, comments, outsized } = points;
  if (numeric.length + texts.length + comments.length + outsized === 0) {
    // Lists that are empty, and were already when the document before was held for it.
    if (isHeld && [...(now?.values() ?? [])].some(({ size }) => size === 0)) return undefined;
    return issueCount === 0
      ? `The document is empty; the one before had ${countOf(earlier.length, "value")}`
      : `Nothing in the document could be read: ${countOf(issueCount, "value")} did not fit`;
  }
  const unread = withoutContent(texts);
  if (unread !== undefined) return unread;
  if (numeric.length === 0 || numeric.some(({ value }) => value !== 0)) return undefined;
  const fallen = numeric.filter(({ previous }) => previous !== null && previous !== 0).length;
  const present = new Set([...numeric, ...texts, ...comments].map(seriesKey));
  const missing = earlier.filter((value) => value.itemKey === "" && !present.has(seriesKey(value)));
  if (fallen === 0 || (fallen === 1 && missing.length === 0)) return undefined;
  const lacking = missing.length === 0 ? "" : `, and lacks ${namesOf(missing)}`;
  return `All numbers of the document are 0, ${fallen} of which were not before${lacking}`;
}

/** The texts of the company itself: those of items come and go. */
function withoutContent(texts: readonly TextPoint[]): string | undefined {
  const own = texts.filter(
    ({ type, itemKey, previous }) =>
      (type === "text" || type === "paragraph") &&
      itemKey === "" &&
      previous !== null &&
      previous.trim() !== "",
  );
  for (const { measurement, value, previous } of own) {
    const kind = placeholderKind(value);
    if (kind === undefined || placeholderKind(previous ?? "") === kind) continue;
    return `“${measurement.name}” shows a ${kind} and no content: “${value.trim().slice(0, 80)}”`;
  }
  if (own.length === 0 || own.some(({ value }) => value.trim() !== "")) return undefined;
  return `All texts of the document are blank, which ${own.length === 1 ? "was" : "were"} not before`;
}

function namesOf(values: readonly EarlierValue[]): string {
  const names = values.map(({ measurement }) => measurement.name);
  return names.length <= 3
    ? names.join(", ")
    : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`;
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
