import type { FindingFacts } from "../../domain/finding/finding.ts";
import { AGGREGATIONS } from "../../domain/rule/aggregations.ts";
import {
  count,
  digitsToTellApart,
  formatChange,
  formatChangeSize,
  formatDay,
  formatRange,
  formatValue,
} from "../../domain/words/numbers.ts";
import { clipLine } from "../../domain/words/text.ts";
import type { Candidate } from "./candidate.ts";

/** A news item in the words of its template. */
export interface NewsText {
  /** At most 90 characters. */
  readonly title: string;
  readonly message: string;
  /** The figure of it, for a badge: "+38%". */
  readonly triggerFactor: string;
}

/** Whom and where a finding is about. */
interface Names {
  readonly company: string;
  readonly source: string;
}

type Facts<Kind extends FindingFacts["kind"]> = Extract<FindingFacts, { kind: Kind }>;

const LONGEST_TITLE = 90;

/** The words of a finding: each is correct, and can be read by itself. */
export function newsText(candidate: Candidate, names: Names): NewsText {
  const { facts, measurement, ruleMessage } = candidate;
  const triggerFactor = triggerFactorOf(facts);
  const sentences = [
    ...(ruleMessage?.trim() ? [sentence(ruleMessage)] : []),
    ...sentencesOf(candidate, names),
    ...partsSentence(facts),
  ];
  const what = facts.item === undefined ? measurement.name : `${measurement.name} of ${facts.item}`;
  return { title: titleOf(names.company, what, triggerFactor), message: sentences.join(" "), triggerFactor };
}

/** What goes along with another finding: "forks of alpha +100%". */
export function partText({ facts, measurement }: Candidate): string {
  const what = facts.item === undefined ? measurement.name : `${measurement.name} of ${facts.item}`;
  return `${clipLine(what, 80)} ${clipLine(triggerFactorOf(facts), 40)}`;
}

const MAX_PARTS = 4;

function partsSentence({ parts = [], partCount = parts.length }: FindingFacts): string[] {
  if (parts.length === 0) return [];
  const more = partCount > MAX_PARTS ? ` and ${partCount - MAX_PARTS} more` : "";
  return [`Along with it: ${parts.slice(0, MAX_PARTS).join(", ")}${more}.`];
}

/** The figure always stays; what is too long of the names is cut, the company's last. */
function titleOf(company: string, what: string, factor: string): string {
  const figure = clipLine(factor, 40);
  const name = clipLine(company, 35);
  return `${name}: ${clipLine(what, LONGEST_TITLE - name.length - figure.length - 3)} ${figure}`;
}

function triggerFactorOf(facts: FindingFacts): string {
  switch (facts.kind) {
    case "rule":
    case "anomaly":
      return facts.changePercent === null
        ? `${formatValue(facts.previous ?? 0, facts.unit)} → ${formatValue(facts.value, facts.unit)}`
        : formatChange(facts.changePercent);
    case "change":
      return clipLine(`${facts.previous} → ${facts.value}`, 80).length <= 30
        ? `${facts.previous} → ${facts.value}`
        : "changed";
    case "items":
      return itemCounts(facts);
  }
}

function itemCounts({ changedCount, addedCount, removedCount }: Facts<"items">): string {
  const parts = [
    ...(changedCount > 0 ? [`${changedCount} changed`] : []),
    ...(addedCount > 0 ? [`${addedCount} new`] : []),
    ...(removedCount > 0 ? [`${removedCount} gone`] : []),
  ];
  return parts.join(", ");
}

function sentencesOf({ facts, measurement, observedAt }: Candidate, names: Names): string[] {
  const subject = `${genitive(names.company)} ${measurement.name}`;
  const item = facts.item === undefined ? "" : ` of ${facts.item}`;
  const where = ` (${names.source}, ${formatDay(observedAt)})`;
  switch (facts.kind) {
    case "rule":
      return [
        `${subject}${item}${movementOf(facts)}${where}.`,
        ...comparisonOf(facts),
        ...(facts.expected === undefined ? [] : [`Expected ${formatRange(facts.expected, facts.unit)}.`]),
      ];
    case "anomaly":
      return [`${subject}${item}${movementOf(facts)}${where}.`, facts.why];
    case "change":
      return [`${subject} changed from “${facts.previous}” to “${facts.value}”${where}.`];
    case "items":
      return [`${subject}${where}: ${itemsSentence(facts)}.`];
  }
}

/** ": 412, up from 298". */
function movementOf({ value, previous, unit, previousAt }: Facts<"rule" | "anomaly">): string {
  if (previous === null || previous === value) return `: ${formatValue(value, unit)}`;
  const digits = digitsToTellApart([value, previous]);
  if (formatValue(value, unit, digits) === formatValue(previous, unit, digits))
    return `: ${formatValue(value, unit, digits)}`;
  const way = value > previous ? "up" : "down";
  const when =
    previousAt === undefined ? "" : ` on ${formatDay(new Date(previousAt))}, the last one before it`;
  return `: ${formatValue(value, unit, digits)}, ${way} from ${formatValue(previous, unit, digits)}${when}`;
}

/** "That is 38% above the average of the 10 values before, 298." Nothing where the values have said it. */
function comparisonOf({ changePercent, direction, ...facts }: Facts<"rule">): string[] {
  if (changePercent === null) return [];
  return [
    `That is ${formatChangeSize(changePercent)} ${direction === "up" ? "above" : "below"} ${referenceName(facts)}.`,
  ];
}

/** What a rule compared a value with: "the average of the 10 values before, 1,023". */
export function referenceName({
  aggregation,
  reference,
  referenceCount,
  unit,
}: Pick<Facts<"rule">, "aggregation" | "reference" | "referenceCount" | "unit">): string {
  const { words, hasUnit } = AGGREGATIONS[aggregation];
  const values = referenceCount === 1 ? "the value before" : `the ${count(referenceCount, "value")} before`;
  return `${words(values)}, ${hasUnit ? formatValue(reference, unit) : reference}`;
}

function itemsSentence(facts: Facts<"items">): string {
  const parts = [
    ...itemsPart(facts.changedCount, "changed", facts.changed),
    ...itemsPart(facts.addedCount, "new", facts.added),
    ...itemsPart(facts.removedCount, "gone", facts.removed),
  ];
  return parts.join("; ");
}

function itemsPart(count: number, what: string, names: readonly string[]): string[] {
  if (count === 0) return [];
  if (names.length === 0) return [`${count} ${what}`];
  const more = count > names.length ? ` and ${count - names.length} more` : "";
  return [`${count} ${what} (${names.join(", ")}${more})`];
}

function genitive(name: string): string {
  return /[sxz]$/i.test(name) ? `${name}'` : `${name}'s`;
}

/** Words of a person, as a sentence. */
function sentence(text: string): string {
  const words = clipLine(text, 300);
  return /[.!?:…]$/.test(words) ? words : `${words}.`;
}
