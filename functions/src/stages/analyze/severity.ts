import type { Verdict } from "../../domain/detector/detector.ts";
import { SEVERITIES, type Severity } from "../../domain/message/message.ts";
import type { RuleHit } from "../../domain/rule/rules.ts";

/** Fewer than this is so little that a large percentage says little. */
const FEW = 10;

/**
 * How much a rule's hit matters: by how many times its threshold was reached (2 times: medium, 5 times: high), a fall
 * by half or more at least high, at most medium for small numbers; one step more where the detector is surprised too.
 */
export function severityOfHit(
  { changePercent, reference }: RuleHit,
  { value, threshold, isSurprise }: { value: number; threshold: number; isSurprise: boolean },
): Severity {
  const change = changePercent ?? Number.POSITIVE_INFINITY;
  const times = Math.abs(change) / Math.max(1, Math.abs(threshold));
  const isFew = Math.max(Math.abs(value), Math.abs(reference)) < FEW;
  let severity: Severity = times >= 5 ? "high" : times >= 2 ? "medium" : "low";
  if (change <= -50) severity = "high";
  if (isFew && severity === "high") severity = "medium";
  return isSurprise ? oneMore(severity) : severity;
}

/**
 * How much an anomaly matters: medium, one step more where it comes by chance once in 100,000 points or less, and one
 * where the value changed by half or more. Low for small numbers.
 */
export function severityOfAnomaly(
  { score }: Verdict,
  { value, changePercent }: { value: number; changePercent: number | null },
): Severity {
  if (Math.abs(value) < FEW && changePercent !== null && Math.abs(value / (1 + changePercent / 100)) < FEW) {
    return "low";
  }
  const surprising: Severity = score >= 1 - 1e-5 ? "high" : "medium";
  return changePercent !== null && Math.abs(changePercent) >= 50 ? oneMore(surprising) : surprising;
}

function oneMore(severity: Severity): Severity {
  return SEVERITIES[SEVERITIES.indexOf(severity) - 1] ?? "critical";
}
