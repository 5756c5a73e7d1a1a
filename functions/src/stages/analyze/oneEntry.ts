import type { Measurement } from "../../domain/analysis/series.ts";
import { byImportance } from "../../domain/finding/importance.ts";
import type { Candidate } from "./candidate.ts";

/** What is told as one: the finding that matters most, and those of the same cause. */
export interface Entry {
  readonly finding: Candidate;
  readonly parts: readonly Candidate[];
}

/**
 * Groups the findings of one document by their cause: what is said of the same item, an item and its totals, a list and
 * its count. They come from one company and one answer, so that what moves together is told together.
 */
export function entriesOf(candidates: readonly Candidate[]): Entry[] {
  const groups: Candidate[][] = [];
  for (const candidate of candidates.toSorted(byCandidate)) {
    const group = groups.find((members) => members.some((member) => isOneCause(member, candidate)));
    if (group === undefined) groups.push([candidate]);
    else group.push(candidate);
  }
  return groups.flatMap(([finding, ...parts]) => (finding === undefined ? [] : [{ finding, parts }]));
}

function byCandidate(a: Candidate, b: Candidate): number {
  return byImportance(rankOf(a), rankOf(b)) || Number(a.itemKey !== "") - Number(b.itemKey !== "");
}

function rankOf({ severity, measurement, observedAt, facts }: Candidate) {
  const changePercent = "changePercent" in facts ? facts.changePercent : undefined;
  return { severity, measurementName: measurement.name, changePercent, observedAt };
}

function isOneCause(a: Candidate, b: Candidate): boolean {
  if (a.observedAt.getTime() !== b.observedAt.getTime()) return false;
  const [listA, listB] = [listOf(a.measurement), listOf(b.measurement)];
  if (listA !== undefined && listB !== undefined) {
    if (listA.id !== listB.id) return false;
    // Of the same item, or of the same measurement of several.
    return (
      a.itemKey === b.itemKey ||
      a.companyMeasurementId === b.companyMeasurementId ||
      isAboutList(a) ||
      isAboutList(b)
    );
  }
  if (listA === undefined && listB === undefined) return a.companyMeasurementId === b.companyMeasurementId;
  const [item, own] = listA === undefined ? [b, a] : [a, b];
  return isTotalOf(own, item);
}

function isAboutList({ measurement }: Candidate): boolean {
  return measurement.type === "nested";
}

function listOf(measurement: Measurement): { readonly id: number; readonly name: string } | undefined {
  return measurement.type === "nested" ? measurement : (measurement.parent ?? undefined);
}

const FILLERS = new Set([
  "total",
  "sum",
  "number",
  "count",
  "of",
  "all",
  "aggregated",
  "the",
  "new",
  "avg",
  "average",
]);

/** "total repository stars" and the "repository stars" of a list; "total jobs" and the list "jobs" itself. */
function isTotalOf(own: Candidate, item: Candidate): boolean {
  if (own.facts.kind === "change" || item.facts.kind === "change") return false;
  const words = wordsOf(own.measurement.name);
  const names = [item.measurement.name, listOf(item.measurement)?.name ?? ""];
  return words.length > 0 && names.some((name) => isContained(words, wordsOf(name)));
}

function isContained(words: readonly string[], others: readonly string[]): boolean {
  if (others.length === 0) return false;
  const [few, many] = words.length <= others.length ? [words, others] : [others, words];
  return few.every((word) => many.includes(word));
}

function wordsOf(name: string): string[] {
  return name
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "" && !FILLERS.has(word))
    .map((word) => word.replace(/ies$/, "y").replace(/s$/, ""));
}
