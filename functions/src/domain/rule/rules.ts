import type { NumericPoint, Rule } from "../analysis/series.ts";
import { AGGREGATIONS, type Aggregation } from "./aggregations.ts";

/** What a rule says of a value: the comparison that reached its threshold. */
export interface RuleHit {
  readonly aggregation: Aggregation;
  readonly reference: number;
  readonly referenceCount: number;
  /** Null where the reference is 0. */
  readonly changePercent: number | null;
  readonly direction: "up" | "down";
}

/**
 * Compares a value with what was before it. Silent for a first value, and for a value that did not move: what it
 * stands out for was told when it moved.
 *
 * @returns undefined where the threshold is not reached
 */
export function judgeByRule({ value, previous }: NumericPoint, rule: Rule): RuleHit | undefined {
  const { reference, referenceCount, aggregation } = rule;
  if (reference === null || previous === null || value === previous) return undefined;
  const direction = value > reference ? "up" : "down";
  if (direction === "down" && AGGREGATIONS[aggregation].isCumulative) return undefined;
  const change = percentChange(value, reference);
  if (change === 0) return undefined;
  if (change !== null && Math.abs(change) < Math.abs(rule.threshold)) return undefined;
  if (Math.abs(value - reference) < (rule.minimumChange ?? leastChange(value, reference))) return undefined;
  return { aggregation, reference, referenceCount, changePercent: change, direction };
}

/** Counts below this come and go by ones and twos. */
const FEW = 10;
const FEW_CHANGE = 3;
/** Beside nothing, less than this is nothing. */
const NOTHING = 1e-6;

/** The least change that is worth a word, by the kind of number and its level. */
function leastChange(value: number, reference: number): number {
  const isCount = Number.isInteger(value) && Number.isInteger(reference);
  if (isCount && Math.max(Math.abs(value), Math.abs(reference)) < FEW) return FEW_CHANGE;
  return value === 0 || reference === 0 ? NOTHING : 0;
}

/**
 * The change from a reference in percent of the reference's size, so that a rise is positive for negative numbers
 * too. Rounded to a billionth: 1.1 is 10% over 1.
 *
 * @returns 0 where they are equal, null where there is no percentage of a reference of 0
 */
export function percentChange(value: number, reference: number): number | null {
  if (value === reference) return 0;
  if (reference === 0) return null;
  const change = ((value - reference) / Math.abs(reference)) * 100;
  if (!Number.isFinite(change)) return null;
  return Math.round(change * 1e9) / 1e9 || 0;
}
