import { type NumericPoint, type Rule, seriesKey } from "../../domain/analysis/series.ts";
import { unitOf } from "../../domain/finding/unitOf.ts";
import { judgeByRule, percentChange, type RuleHit } from "../../domain/rule/rules.ts";
import { formatNumber, formatValue } from "../../domain/words/numbers.ts";
import type { Anomaly } from "./anomalies.ts";
import type { Candidate } from "./candidate.ts";
import type { ItemNames } from "./itemNames.ts";
import { referenceName } from "./newsText.ts";
import { severityOfAnomaly, severityOfHit } from "./severity.ts";

/** Findings of the rules on the points of a document. */
export function ruleFindings(
  numeric: readonly NumericPoint[],
  {
    rules,
    anomalies,
    names,
  }: {
    readonly rules: ReadonlyMap<string, readonly Rule[]>;
    readonly anomalies: readonly Anomaly[];
    readonly names: ItemNames;
  },
): Candidate[] {
  const surprises = new Map(anomalies.map((anomaly) => [pointKey(anomaly.point), anomaly]));
  return numeric.flatMap((point) =>
    (rules.get(seriesKey(point)) ?? []).flatMap((rule) => {
      const hit = judgeByRule(point, rule);
      return hit === undefined
        ? []
        : [ruleFinding(point, { rule, hit }, surprises.get(pointKey(point)), names)];
    }),
  );
}

function ruleFinding(
  point: NumericPoint,
  { rule, hit }: { rule: Rule; hit: RuleHit },
  surprise: Anomaly | undefined,
  names: ItemNames,
): Candidate {
  const { threshold } = rule;
  const numbers = numbersOf(point, names);
  const reference = referenceName({ ...hit, unit: numbers.unit });
  return {
    ...seriesOf(point),
    detector: `rule:${rule.id}`,
    severity: severityOfHit(hit, { value: point.value, threshold, isSurprise: surprise !== undefined }),
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
        `It compared ${formatValue(point.value, numbers.unit)} with ${reference}.`,
    },
  };
}

/** Findings of the detector. */
export function anomalyFindings(anomalies: readonly Anomaly[], names: ItemNames): Candidate[] {
  return anomalies.map(({ point, verdict }) => {
    const { value, previous } = point;
    const changePercent = previous === null ? null : percentChange(value, previous);
    const { expected } = verdict;
    const isUp = expected === null ? value > (previous ?? 0) : value > (expected.low + expected.high) / 2;
    return {
      ...seriesOf(point),
      detector: "anomaly",
      severity: severityOfAnomaly(verdict, { value, changePercent }),
      facts: {
        kind: "anomaly",
        ...numbersOf(point, names),
        score: verdict.score,
        event: verdict.kind,
        changePercent,
        direction: isUp ? "up" : "down",
        ...(expected === null ? {} : { expected: { low: expected.low, high: expected.high } }),
        why: `Unusual for this series: ${verdict.reason}.`,
      },
    };
  });
}

/** Findings of series that go on at another power of ten: nobody but the source can say why. */
export function scaleFindings(rescaled: readonly NumericPoint[], names: ItemNames): Candidate[] {
  return rescaled.map((point) => ({
    ...seriesOf(point),
    detector: "anomaly",
    severity: "medium",
    facts: {
      kind: "anomaly",
      ...numbersOf(point, names),
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

function numbersOf({ measurement, itemKey, value, previous, unit: given }: NumericPoint, names: ItemNames) {
  const item = itemKey === "" ? undefined : names(measurement, itemKey);
  const unit = given ?? unitOf(measurement.name);
  return {
    ...(item === undefined ? {} : { item }),
    ...(unit === undefined ? {} : { unit }),
    value,
    previous,
  };
}

function pointKey(point: { companyMeasurementId: number; itemKey: string; observedAt: Date }): string {
  return `${point.observedAt.getTime()} ${seriesKey(point)}`;
}
