import { SEVERITIES, type Severity } from "../message/message.ts";

/** What a measurement counts, from what an investor looks at first to what they look at last. */
interface MeasurementKind {
  readonly name: "money" | "people" | "customers" | "code" | "other";
  readonly words: RegExp;
  /** The changes in percent from which on a finding is medium, high and critical. */
  readonly steps: readonly [number, number, number];
}

const OTHER: MeasurementKind = { name: "other", words: /(?:)/, steps: [20, 60, 200] };

const KINDS: readonly MeasurementKind[] = [
  {
    name: "money",
    words:
      /\b(?:revenue|mrr|arr|sales|turnover|price|valuation|funding|raised|investment|amount|cash|burn|profit|ebitda|margin|churn|usd|eur|gbp|market cap|salary|cost|fee|earnings|income|loss|umsatz|erlös|gewinn|preis|chiffre d.affaires|prix|ingresos|precio)s?\b|[$€£]/i,
    steps: [8, 20, 50],
  },
  {
    name: "people",
    words:
      /\b(?:employees?|headcount|staff|team|people|workforce|founders?|executives?|jobs?|positions?|openings?|vacanc(?:y|ies)|hires?|hiring|layoffs?|mitarbeiter\w*|besch[äa]ftigte\w*|effectifs?|salari[ée]s|empleados?)\b/i,
    steps: [8, 20, 50],
  },
  {
    name: "customers",
    words:
      /\b(?:customers?|clients?|users?|subscribers?|followers?|members?|downloads?|installs?|visits?|visitors?|traffic|reviews?|ratings?|orders?|accounts?|signups?|dau|mau|kunden?|nutzer|clientes?|utilisateurs?|usuarios?)\b/i,
    steps: [15, 40, 100],
  },
  {
    name: "code",
    words:
      /\b(?:repositor(?:y|ies)|repos?|stars?|forks?|watchers?|commits?|issues?|pull requests?|prs?|branches|languages?|gists?|size)\b/i,
    steps: [75, 300, Number.POSITIVE_INFINITY],
  },
];

const ORDER = ["money", "people", "customers", "other", "code"] as const;

function kindOf(measurementName: string): MeasurementKind {
  const name = spaced(measurementName);
  return KINDS.find(({ words }) => words.test(name)) ?? OTHER;
}

/** "open_issues" and "numberOfEmployees" as words. */
function spaced(name: string): string {
  return name
    .normalize("NFC")
    .replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
    .replace(/[_.\-/]+/g, " ");
}

/** So few that a large percentage says little. */
const FEW = 10;
const NOT_MANY = 20;

/** What is known of a change. */
export interface Change {
  readonly measurementName: string;
  readonly value: number;
  readonly reference: number;
  /** Null where the reference is 0. */
  readonly changePercent: number | null;
  /** How far beyond its own history the value is: not at all, so that it was told, or once in 100,000 points. */
  readonly surprise: "none" | "unusual" | "extreme";
}

/**
 * How much a change matters to an investor: by what it counts, by its size, and by how unusual it is for the series. A
 * fall weighs twice a rise. Counts up to ten are low, whatever their percentage.
 */
export function severityOf({ measurementName, value, reference, changePercent, surprise }: Change): Severity {
  const level = Math.max(Math.abs(value), Math.abs(reference));
  if (level <= FEW && Number.isInteger(value) && Number.isInteger(reference)) {
    return "low";
  }
  const { name, steps } = kindOf(measurementName);
  const change = changePercent ?? 100;
  const size = change < 0 ? 2 * -change : change;
  const reached = steps.filter((step) => size >= step).length;
  const raised =
    name === "code" ? Number(surprise === "extreme") : { none: 0, unusual: 1, extreme: 1 }[surprise];
  const taken = Math.min(reached + raised, level < NOT_MANY ? 2 : 3);
  return SEVERITIES[SEVERITIES.length - 1 - taken] ?? "low";
}

/** What the order of findings needs of one. */
export interface Ranked {
  readonly severity: Severity;
  readonly measurementName: string;
  readonly changePercent: number | null | undefined;
  readonly observedAt: Date;
  /** Whether its series has gone back since: nothing is left of it. */
  readonly isOver?: boolean | undefined;
  /** The share of the companies with this measurement that had news of it in the same week; null where few had. */
  readonly shareAlike?: number | null | undefined;
}

/** What so many companies have at a time is no longer remarkable. */
const COMMON = 0.2;

/**
 * The order in which findings are told, the most important first: by severity, where what is over or common counts a
 * step less; then by what they are about, how rare they are, how large, and how new.
 */
export function byImportance(a: Ranked, b: Ranked): number {
  return (
    rankOf(a) - rankOf(b) ||
    ORDER.indexOf(kindOf(a.measurementName).name) - ORDER.indexOf(kindOf(b.measurementName).name) ||
    (a.shareAlike ?? 0) - (b.shareAlike ?? 0) ||
    Math.abs(b.changePercent ?? 0) - Math.abs(a.changePercent ?? 0) ||
    b.observedAt.getTime() - a.observedAt.getTime()
  );
}

function rankOf({ severity, isOver = false, shareAlike }: Ranked): number {
  return SEVERITIES.indexOf(severity) + Number(isOver) + Number((shareAlike ?? 0) >= COMMON);
}
