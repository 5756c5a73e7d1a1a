import { placeholderKind } from "./placeholder.ts";
import { type DocumentPoints, type EarlierValue, seriesKey, type TextPoint } from "./series.ts";

/**
 * What is wrong with a document whose source failed without saying so: it is empty, all its numbers are 0 or all its
 * texts are blank, where the one before it was not; or a text says what a page shows in place of its content. One number
 * that falls to 0 while all else stays is news, not a problem.
 *
 * @returns undefined where it looks sound
 */
export function dataProblemOf(points: DocumentPoints, earlier: readonly EarlierValue[]): string | undefined {
  if (earlier.length === 0) return undefined;
  const { numeric, texts, comments } = points;
  if (numeric.length + texts.length + comments.length === 0) {
    return `The document is empty; the one before had ${countOf(earlier.length, "value")}`;
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
