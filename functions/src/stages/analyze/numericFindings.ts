import { type NumericPoint, type Rule, seriesKey } from "../../domain/analysis/series.ts";
import { type Change, severityOf } from "../../domain/finding/importance.ts";
import { unitOf } from "../../domain/finding/unitOf.ts";
import { AGGREGATIONS } from "../../domain/rule/aggregations.ts";
import { judgeByRule, percentChange, type RuleHit } from "../../domain/rule/rules.ts";
import { count, formatNumber, formatValue } from "../../domain/words/numbers.ts";
import type { Anomaly } from "./anomalies.ts";
import type { Candidate } from "./candidate.ts";
import type { ItemNames } from "./itemNames.ts";
import { referenceName } from "./newsText.ts";

/** What the words of a finding need beside its point. */
export interface Telling {
  readonly names: ItemNames;
  /** From one observation of the source to the next. */
  readonly periodMs: number;
}

/** What the detector expected of a point; undefined where it knows too little. */
export type ExpectedAt = (point: NumericPoint) => Anomaly["verdict"]["expected"] | undefined;

/** Findings of the rules on the points of a document: one for each point, however many rules agree. */
export function ruleFindings(
  numeric: readonly NumericPoint[],
  {
    rules,
    anomalies,
    expectedAt,
    ordinary,
    telling,
  }: {
    readonly rules: ReadonlyMap<string, readonly Rule[]>;
    readonly anomalies: readonly Anomaly[];
    readonly expectedAt: ExpectedAt;
    /** The series whose rhythm or growth has brought such a change before. */
    readonly ordinary: ReadonlySet<string>;
    readonly telling: Telling;
  },
): Candidate[] {
  const surprises = new Map(anomalies.map((anomaly) => [pointKey(anomaly.point), anomaly]));
  return numeric.flatMap((point) => {
    const hits = (rules.get(seriesKey(point)) ?? []).flatMap((rule) => {
      const hit = judgeByRule(point, rule);
      return hit === undefined || isNoMove(hit.changePercent) ? [] : [{ rule, hit }];
    });
    if (hits.length === 0) return [];
    const surprise = surprises.get(pointKey(point));
    const isOrdinary = ordinary.has(seriesKey(point)) || isForeseen(point, hits, expectedAt(point));
    const told = surprise === undefined && isOrdinary ? hits.filter(({ rule }) => rule.tellsRhythm) : hits;
    return told.length === 0 ? [] : [ruleFinding(point, told, surprise, telling)];
  });
}

/** Too little to be seen in the figure. */
function isNoMove(changePercent: number | null): boolean {
  return changePercent !== null && Math.abs(changePercent) < 0.05;
}

/**
 * Growth goes on, the weekend comes: the value is where the detector expected it, and the last one no longer is; or it was
 * compared with values of long ago.
 */
function isForeseen(
  { value, previous }: NumericPoint,
  hits: readonly { hit: RuleHit }[],
  expected: ReturnType<ExpectedAt>,
): boolean {
  if (!expected || previous === null) return false;
  const isWithin = (one: number) => one >= expected.low && one <= expected.high;
  return isWithin(value) && (!isWithin(previous) || hits.every(({ hit }) => hit.referenceCount > 1));
}

/** Of several rules that agree, the one that asks most is quoted. */
function ruleFinding(
  point: NumericPoint,
  hits: readonly { rule: Rule; hit: RuleHit }[],
  surprise: Anomaly | undefined,
  telling: Telling,
): Candidate {
  const [first, ...others] = hits.toSorted(
    (a, b) => Math.abs(b.rule.threshold) - Math.abs(a.rule.threshold) || a.rule.id - b.rule.id,
  );
  if (first === undefined) throw new Error("A finding of a rule needs a rule that hit");
  const { rule, hit } = first;
  const { threshold } = rule;
  const numbers = numbersOf(point, telling);
  const reference = referenceName({ ...hit, unit: numbers.unit });
  const agree =
    others.length === 0
      ? ""
      : ` ${count(others.length, "other rule")} agree${others.length === 1 ? "s" : ""}.`;
  return {
    ...seriesOf(point),
    detector: `rule:${rule.id}`,
    severity: severityOf({
      measurementName: point.measurement.name,
      value: point.value,
      reference: AGGREGATIONS[hit.aggregation].hasUnit ? hit.reference : (point.previous ?? 0),
      changePercent: hit.changePercent,
      surprise: surpriseOf(surprise),
    }),
    ...(rule.message === null ? {} : { ruleMessage: rule.message }),
    facts: {
      kind: "rule",
      ...numbers,
      ruleName: rule.name,
      thresholdPercent: threshold,
      ...hit,
      ...(surprise?.verdict.expected ? { expected: surprise.verdict.expected } : {}),
      why:
        `The rule “${rule.name}” reports changes of ${formatNumber(Math.abs(threshold))}% or more. ` +
        `It compared ${formatValue(point.value, numbers.unit)} with ${reference}.${agree}`,
    },
  };
}

/** Once in 100,000 points or less. */
const EXTREME = 1 - 1e-5;

function surpriseOf(anomaly: Anomaly | undefined): Change["surprise"] {
  if (anomaly === undefined) return "none";
  return anomaly.verdict.score >= EXTREME ? "extreme" : "unusual";
}

/** Findings of the detector, but for what is too little to be seen in the figure. */
export function anomalyFindings(anomalies: readonly Anomaly[], telling: Telling): Candidate[] {
  return anomalies.flatMap((anomaly) => {
    const { point, verdict } = anomaly;
    const { value, previous } = point;
    const changePercent = previous === null ? null : percentChange(value, previous);
    if (changePercent !== 0 && isNoMove(changePercent)) return [];
    const { expected } = verdict;
    const isUp = expected === null ? value > (previous ?? 0) : value > (expected.low + expected.high) / 2;
    return [
      {
        ...seriesOf(point),
        detector: "anomaly",
        severity: severityOf({
          measurementName: point.measurement.name,
          value,
          reference: previous ?? 0,
          changePercent,
          surprise: surpriseOf(anomaly),
        }),
        facts: {
          kind: "anomaly" as const,
          ...numbersOf(point, telling),
          score: verdict.score,
          event: verdict.kind,
          changePercent,
          direction: isUp ? "up" : "down",
          ...(expected === null ? {} : { expected: { low: expected.low, high: expected.high } }),
          why: `Unusual for this series: ${verdict.reason}.`,
        },
      },
    ];
  });
}

/** Findings of series that go on at another power of ten: nobody but the source can say why. */
export function scaleFindings(rescaled: readonly NumericPoint[], telling: Telling): Candidate[] {
  return rescaled.map((point) => ({
    ...seriesOf(point),
    detector: "anomaly",
    severity: "medium",
    facts: {
      kind: "anomaly",
      ...numbersOf(point, telling),
      score: 1,
      event: "new_scale",
      changePercent: null,
      direction: point.value > (point.previous ?? 0) ? "up" : "down",
      why: "It has stayed there for several observations: its source uses a new scale, or it really changed.",
    },
  }));
}

/** The anomalies at points that no other finding is about: nothing is said twice. */
export function withoutPointsOf(anomalies: readonly Candidate[], others: readonly Candidate[]): Candidate[] {
  const points = new Set(others.map(pointKey));
  return anomalies.filter((anomaly) => !points.has(pointKey(anomaly)));
}

function seriesOf({ measurement, companyMeasurementId, itemKey, observedAt }: NumericPoint) {
  return { measurement, measurementId: measurement.id, companyMeasurementId, itemKey, observedAt };
}

// More of the source's periods without a value are a gap, and a change across it says so.
const GAP_PERIODS = 3;

/** When the value before was observed, where its source was silent since. */
function sinceGap({ observedAt, previousAt }: NumericPoint, periodMs: number): string | undefined {
  const isGap = previousAt !== null && observedAt.getTime() - previousAt.getTime() > GAP_PERIODS * periodMs;
  return isGap ? previousAt.toISOString() : undefined;
}

function numbersOf(point: NumericPoint, { names, periodMs }: Telling) {
  const { measurement, itemKey, value, previous, unit: given } = point;
  const item = itemKey === "" ? undefined : names(measurement, itemKey);
  const unit = given ?? unitOf(measurement.name);
  const previousAt = sinceGap(point, periodMs);
  return {
    ...(item === undefined ? {} : { item }),
    ...(unit === undefined ? {} : { unit }),
    ...(previousAt === undefined ? {} : { previousAt }),
    value,
    previous,
  };
}

function pointKey(point: { companyMeasurementId: number; itemKey: string; observedAt: Date }): string {
  return `${point.observedAt.getTime()} ${seriesKey(point)}`;
}
