import { digitsToTellApart, formatNumber, formatRange } from "../words/numbers.ts";
import { errorOfSize } from "./errors.ts";
import type { Expectation } from "./forecast.ts";
import { within } from "./season.ts";
import type { State } from "./state.ts";
import { errorSize } from "./surprise.ts";
import type { Views } from "./views.ts";

/** What kind of event a point is. */
export type Kind =
  | "ordinary"
  | "learning"
  | "already seen"
  | "spike"
  | "drop"
  | "level shift"
  | "trend break"
  | "first change"
  | "silence ended"
  | "new maximum"
  | "new minimum"
  | "unusual course";

/** Bounds of what was expected: 98 of 100 ordinary points lie within. */
export interface Range {
  readonly low: number;
  readonly high: number;
}
const OUTSIDE = 0.02;

/** What is known of a point when its reason is found; all values in the series' own unit. */
export interface Findings {
  readonly value: number;
  readonly expected: Range;
  readonly expectation: Expectation;
  readonly views: Views;
  /** The lowest and highest value remembered from before the point, and how many there are. */
  readonly before: Range & { readonly count: number };
  /** How often in a row the value before the point had come, and what it was. */
  readonly repeated: number;
  readonly last: number;
}

/** So many equal values in a row are a rest that can be broken. */
const REST = 5;
/** Beyond this surprise of the forecast, it is what makes a value unusual. */
const UNEXPECTED = -Math.log(0.01);

/** The range that 98 of 100 ordinary points lie in, in the series' own unit. */
export function expectedRange(state: State, { value, scale, missed }: Expectation): Range {
  const size = missed > OUTSIDE ? errorSize(-Math.log(OUTSIDE / missed)) : 0;
  // What was never negative is not expected to become so, whatever a falling trend would lead to.
  const least = state.negative ? Number.NEGATIVE_INFINITY : 0;
  const end = (at: number) => within(Math.max(least, at) * state.unit, Number.MAX_VALUE);
  return {
    low: end(value + errorOfSize(state, -size, scale, value)),
    high: end(value + errorOfSize(state, size, scale, value)),
  };
}

/** The kind of event that a surprising point is. */
export function kindOf(findings: Findings): Kind {
  const { value, expected, expectation, views, before, repeated, last } = findings;
  if (repeated >= REST && value !== last) return last === 0 ? "silence ended" : "first change";
  if (value >= expected.low && value <= expected.high) {
    if (value > before.high) return "new maximum";
    if (value < before.low) return "new minimum";
    if (!isRun(findings)) return "unusual course";
  }
  if (isRun(findings)) return isTrend(expectation) ? "trend break" : "level shift";
  if (views.forecast < UNEXPECTED && value > before.high) return "new maximum";
  if (views.forecast < UNEXPECTED && value < before.low) return "new minimum";
  return value > (expected.low + expected.high) / 2 ? "spike" : "drop";
}

const isRun = ({ expectation: { point, run, even } }: Findings) =>
  run.bySize > point.bySize || (even && run.bySize > UNEXPECTED);
const isTrend = ({ expert }: Expectation) => expert === "trend" || expert === "drift";

/** Why a point is what it is, in words and numbers. */
export function reasonOf(kind: Kind, findings: Findings): string {
  const { value, expected, expectation, before, repeated, last } = findings;
  const digits = digitsToTellApart([value, last]);
  const show = (shown: number) => formatNumber(shown, digits);
  const against = `${show(value)} against an expected ${formatRange(expected)}${seasonText(expectation)}`;
  switch (kind) {
    case "ordinary":
      return `${show(value)}, expected ${formatRange(expected)}${seasonText(expectation)}`;
    case "silence ended":
      return `${show(value)} after 0 came ${repeated} times in a row`;
    case "first change":
      return `${show(value)} after ${show(last)} came ${repeated} times in a row`;
    case "level shift":
    case "trend break": {
      const side = value > (expected.low + expected.high) / 2 ? "above" : "below";
      const outcome = kind === "level shift" ? "a new level" : "the trend has broken";
      return `${against}; it and the two before all lie ${side} what was expected: ${outcome}`;
    }
    case "unusual course":
      return `${show(value)} is within reach, but the course of the last values is unlike the ${before.count} before`;
    case "new maximum":
      return `${against}, the highest of the last ${before.count + 1}`;
    case "new minimum":
      return `${against}, the lowest of the last ${before.count + 1}`;
    default:
      return against;
  }
}

function seasonText({ expert }: Expectation): string {
  if (expert === "day") return " at this time of day";
  return expert === "week" ? " at this time of the week" : "";
}
