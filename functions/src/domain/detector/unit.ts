import type { State } from "./state.ts";

/** A common divisor is exact up to rounding: this share of the largest value. */
const ROUNDING = 1e-10;
/** What divides all values only this finely is no grain: the values are as good as continuous. */
const NO_GRAIN = 1e-8;
/** The mean size of values is that of all at first, later of about the last 50. */
const SLOWEST = 0.02;
/** Far beyond any series, and far enough from the end of floating point that sums stay finite. */
const MAX_UNITS = 1e100;

/**
 * The value in units of the first one that is not 0: a series in cents and the same one in euros become equal, up to
 * rounding that the twelfth digit hides.
 */
export function inUnits(state: State, value: number): number {
  if (state.unit === 0 && value !== 0) state.unit = Math.abs(value);
  if (state.unit === 0) return 0;
  return roundTo(12, Math.max(-MAX_UNITS, Math.min(MAX_UNITS, value / state.unit)));
}

export const roundTo = (digits: number, value: number): number => Number(value.toPrecision(digits));

/** Learns what sizes the values have, in place. */
export function learnSize(state: State, value: number): void {
  if (value < 0) state.negative = true;
  const size = Math.abs(value);
  if (size === 0) return;
  state.largest = Math.max(state.largest, size);
  const divisor = state.sized === 0 ? size : commonDivisor(size, state.grain, ROUNDING * state.largest);
  state.grain = divisor < NO_GRAIN * state.largest ? 0 : divisor;
  state.sized++;
  state.usual += Math.max(SLOWEST, 1 / state.sized) * (size - state.usual);
}

/** Euclid's algorithm, with the nearest multiple taken away so that rounding errors do not grow. */
function commonDivisor(a: number, b: number, tolerance: number): number {
  let [larger, smaller] = [a, b];
  while (smaller > tolerance) {
    [larger, smaller] = [smaller, Math.abs(larger - Math.round(larger / smaller) * smaller)];
  }
  return b === 0 ? 0 : larger;
}

/**
 * What all values are multiples of, as far as known: one thing counted, or one cent. 0 for continuous values, and as long
 * as only one size was seen, which says nothing.
 */
export const grainOf = ({ grain, largest }: State): number => (grain < 0.75 * largest ? grain : 0);
