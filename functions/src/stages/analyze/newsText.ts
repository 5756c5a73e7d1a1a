import type { FindingFacts } from "../../domain/finding/finding.ts";
import { AGGREGATIONS } from "../../domain/rule/aggregations.ts";
import type { Candidate } from "./candidate.ts";
import { counted, shortText, signedPercent, sizeInPercent, withUnit } from "./numberWords.ts";

/** A news item in the words of its template. */
export interface NewsText {
  /** At most 90 characters. */
  readonly title: string;
  readonly message: string;
  /** The figure of it, for a badge: "+38 %". */
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
  ];
  const what = facts.item === undefined ? measurement.name : `${measurement.name} of ${facts.item}`;
  return { title: titleOf(names.company, what, triggerFactor), message: sentences.join(" "), triggerFactor };
}

/** The figure always stays; what is too long of the names is cut, the company's last. */
function titleOf(company: string, what: string, factor: string): string {
  const figure = shortText(factor, 40);
  const name = shortText(company, 35);
  return `${name}: ${shortText(what, LONGEST_TITLE - name.length - figure.length - 3)} ${figure}`;
}

function triggerFactorOf(facts: FindingFacts): string {
  switch (facts.kind) {
    case "rule":
    case "anomaly":
      return facts.changePercent === null
        ? `${withUnit(facts.previous ?? 0, facts.unit)} → ${withUnit(facts.value, facts.unit)}`
        : signedPercent(facts.changePercent);
    case "change":
      return shortText(`${facts.previous} → ${facts.value}`, 80).length <= 30
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
  const where = ` (${names.source}, ${dayOf(observedAt)})`;
  switch (facts.kind) {
    case "rule":
      return [
        `${subject}${item} ${movementOf(facts)}${where}.`,
        `That is ${comparisonOf(facts)}.`,
        ...(facts.expected === undefined
          ? []
          : [`Expected was ${rangeOf(facts.expected, facts.unit)}, so it is unusual for this series.`]),
      ];
    case "anomaly":
      return [`${subject}${item} ${movementOf(facts)}${where}.`, facts.why];
    case "change":
      return [`${subject} changed from “${facts.previous}” to “${facts.value}”${where}.`];
    case "items":
      return [`${subject}${where}: ${itemsSentence(facts)}.`];
  }
}

function movementOf({ value, previous, unit }: Facts<"rule" | "anomaly">): string {
  const now = withUnit(value, unit);
  if (previous === null || previous === value) return `is at ${now}`;
  return `${value > previous ? "rose" : "fell"} from ${withUnit(previous, unit)} to ${now}`;
}

function comparisonOf({ changePercent, direction, ...facts }: Facts<"rule">): string {
  const reference = referenceName(facts);
  if (changePercent === null) return `a start from ${reference}`;
  return `${sizeInPercent(changePercent)} ${direction === "up" ? "above" : "below"} ${reference}`;
}

/** What a rule compared a value with: "the average of the 10 values before, 1,023". */
export function referenceName({
  aggregation,
  reference,
  referenceCount,
  unit,
}: Pick<Facts<"rule">, "aggregation" | "reference" | "referenceCount" | "unit">): string {
  const { words, hasUnit } = AGGREGATIONS[aggregation];
  const values = referenceCount === 1 ? "the value before" : `the ${counted(referenceCount, "value")} before`;
  return `${words(values)}, ${hasUnit ? withUnit(reference, unit) : reference}`;
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

/** An estimate: what is a hundredth of the range is more than it is worth. */
function rangeOf({ low, high }: { low: number; high: number }, unit: string | undefined): string {
  const step = high > low ? 10 ** (Math.floor(Math.log10(high - low)) - 1) : 0;
  const roughly = (value: number) => {
    // Without the digits of the multiplication (3 * 0.1 is not 0.3), and without a sign for 0.
    const rounded = Number((Math.round(value / step) * step).toPrecision(12)) + 0;
    return withUnit(Number.isFinite(rounded) ? rounded : value, unit);
  };
  const [from, to] = [roughly(low), roughly(high)];
  return from === to ? from : `${from} to ${to}`;
}

function genitive(name: string): string {
  return /[sxz]$/i.test(name) ? `${name}'` : `${name}'s`;
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** Words of a person, as a sentence. */
function sentence(text: string): string {
  const words = shortText(text, 300);
  return /[.!?:…]$/.test(words) ? words : `${words}.`;
}
