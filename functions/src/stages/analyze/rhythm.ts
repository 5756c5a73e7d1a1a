import { median } from "simple-statistics";
import type { NumericPoint } from "../../domain/analysis/series.ts";
import type { Point } from "../../domain/detector/detector.ts";
import { percentChange } from "../../domain/rule/rules.ts";

const DAY = 86_400_000;
const HALF_A_DAY = DAY / 2;

/** A week of a daily series, and the day before it. */
export const RHYTHM_POINTS = 9;

/**
 * Whether a change comes every week: the value is near that of the same weekday, a week ago, and there it was such
 * a change as well.
 *
 * @param history the points up to this one
 * @param threshold in percent: what is less is near
 */
export function hasWeekdayRhythm(
  { value, previous, observedAt }: Pick<NumericPoint, "value" | "previous" | "observedAt">,
  history: readonly Point[],
  threshold: number,
): boolean {
  if (previous === null) return false;
  const at = observedAt.getTime() - 7 * DAY;
  const index = history.findIndex((point) => Math.abs(point.at - at) < HALF_A_DAY);
  const [before, then] = [history[index - 1], history[index]];
  // Between the two there must have been days: a weekly series has no weekdays.
  if (before === undefined || then === undefined || then.at - before.at > 5 * DAY) return false;
  const change = percentChange(then.value, before.value);
  const isSuchAChange =
    change !== null && Math.abs(change) >= threshold / 2 && change > 0 === value > previous;
  const difference = percentChange(value, then.value);
  return isSuchAChange && difference !== null && Math.abs(difference) < threshold;
}

/** So many steps before it tell how a series grows. */
const ENOUGH_STEPS = 3;
const MUCH_LARGER = 3;

/**
 * Whether a series goes on as it did: its step is in the direction of those before it, and not much larger. Far from an
 * average of what was before, it is where its growth has brought it.
 *
 * @param history the points up to this one
 */
export function growsOn(history: readonly Point[]): boolean {
  const steps = history.slice(1).map(({ value }, index) => value - (history[index]?.value ?? value));
  const last = steps.pop();
  if (last === undefined || steps.length < ENOUGH_STEPS) return false;
  const alike = steps.filter((step) => Math.sign(step) === Math.sign(last)).map(Math.abs);
  return alike.length * 2 > steps.length && Math.abs(last) <= MUCH_LARGER * median(alike);
}
