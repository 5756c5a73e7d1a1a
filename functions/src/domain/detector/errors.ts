import { z } from "zod";
import type { Expert, State } from "./state.ts";
import { errorSurprise, toSurprise } from "./surprise.ts";
import { grainOf, roundTo } from "./unit.ts";

const LAST_ERRORS = 40;

/** How far one forecaster was off so far. */
export const errorsSchema = z.object({
  /** Sums of the sizes of errors, each over the level to one of the POWERS; fading, as the two counts below. */
  sums: z.tuple([z.number(), z.number(), z.number()]),
  seen: z.number().nonnegative(),
  /** How many errors were not 0. */
  changed: z.number().nonnegative(),
  /** The last errors, newest last. */
  last: z.array(z.number()).max(LAST_ERRORS),
});
export type Errors = z.infer<typeof errorsSchema>;

export const noErrors = (): Errors => ({ sums: [0, 0, 0], seen: 0, changed: 0, last: [] });

/** The size of errors may be the same at every level, grow with its root (counts) or with the level itself (shares). */
const POWERS = [0, 0.5, 1] as const;
type Power = 0 | 1 | 2;
const ALL_POWERS = [0, 1, 2] as const;

/** Errors fade with a half-life of 100 points. */
const FADE = 0.5 ** (1 / 100);
/** An error counts for at most so many usual ones: outliers in the history do not blind the detector. */
const CLIP = 4;
/** How many observed errors the assumption about their size is worth, where they were smaller. */
const PRIOR_WEIGHT = 1;
/** Without evidence, a change of 2 % is ordinary. */
const PRIOR_SHARE = 0.02;
/** Where about 0 is expected, a value of the usual size of the others is ordinary. */
const NEAR_ZERO = 0.1;
/** How many errors the suspicion is worth that the best forecaster was lucky; more for one with many parameters. */
const LUCK = 1;
const SEASONS_LUCK = 3;
/**
 * Where nothing is ever negative and errors are a small share of the level, they go as far up as down; where they are a
 * large one, what goes up goes further, and the square root is even. Between the two shares, a power between.
 */
const SKEW = { from: 0.1, over: 0.2, power: 0.5 };
/** Low counts scatter about as their level does, more or less by chance: only beyond twice the variance it is skew. */
const COUNTING = 2;
/** What erred as far before is not improbable: an earlier error counts within these shares of the new one. */
const ALIKE = { from: 0.8 - 1e-6, to: 3 + 1e-6 };
/** Fewer errors than this say nothing about a forecaster. */
export const ENOUGH_ERRORS = 5;

/** The difference from a forecast; differences within rounding are none. */
export const errorOf = (value: number, forecast: number): number =>
  Math.abs(value - forecast) <= 1e-9 * (Math.abs(value) + Math.abs(forecast)) ? 0 : value - forecast;

/** Mean size of the errors relative to the level's power, or Infinity while there are too few to judge by. */
export const meanError = (state: State, errors: Errors): number =>
  errors.seen < ENOUGH_ERRORS ? Number.POSITIVE_INFINITY : errors.sums[powerOf(state)] / errors.seen;

/** The share of forecasts that are missed at all: small for a series that hardly ever moves. */
export const shareMissed = (errors: Errors): number => (errors.changed + 1) / (errors.seen + 2);

/** The power of the level that has explained the sizes of errors best. */
function powerOf({ fits: [constant, root, share] }: State): Power {
  // Better by more than rounding: where all explain alike, errors are taken as constant.
  const toBeat = constant - 1e-9;
  if (share < toBeat && share < root - 1e-9) return 2;
  return root < toBeat ? 1 : 0;
}

/** The level that a size of error is relative to: never so near 0 that any error would be endless. */
const levelAt = (state: State, forecast: number) =>
  Math.max(Math.abs(forecast), grainOf(state), 0.05 * state.usual, 1e-9);

/** The size of error assumed before any was seen: counting noise (Poisson), or 2 % of the level. */
function priorScale(state: State, forecast: number): number {
  // All were 0 so far: nothing says what size is usual, so that of the new value is.
  if (state.usual === 0) return 1;
  const grain = grainOf(state);
  const counting = Math.sqrt(grain * Math.max(Math.abs(forecast), grain));
  const appearing = Math.abs(forecast) < NEAR_ZERO * state.usual ? state.usual : 0;
  return Math.max(counting, appearing, PRIOR_SHARE * levelAt(state, forecast));
}

/**
 * Scale of the errors that are not 0. Where they were smaller than assumed, it is shrunk to the assumption on a
 * logarithmic scale, so that evidence soon outweighs it; where they were larger, the assumption was wrong.
 */
export function scaleOf(state: State, errors: Errors, forecast: number, power = powerOf(state)): number {
  const prior = priorScale(state, forecast);
  if (errors.changed === 0) return prior;
  const observed = (errors.sums[power] / errors.changed) * levelAt(state, forecast) ** POWERS[power];
  if (observed >= prior) return observed;
  const weighted = PRIOR_WEIGHT * Math.log(prior) + errors.changed * Math.log(observed);
  return Math.exp(weighted / (PRIOR_WEIGHT + errors.changed));
}

/**
 * The scale of the best forecaster's errors, drawn a little to that of the plainest: who erred least of seven after a
 * few points did so by luck too.
 */
export function scaleWithoutLuck(state: State, expert: Expert, forecast: number): number {
  const best = state.errors[expert];
  const luck = expert === "day" || expert === "week" ? SEASONS_LUCK : LUCK;
  const own = scaleOf(state, best, forecast);
  const plain = Math.max(own, scaleOf(state, state.errors.middle, forecast));
  return own * (plain / own) ** (luck / (luck + best.seen));
}

/** A scale with the doubt that it was learned from few errors: at the eighth point about 15 % wider. */
export const withDoubt = ({ seen }: Errors, scale: number): number => scale * (1 + 1 / Math.max(seen, 1));

/** Surprise of an error: of there being one at all, and of its size. */
export const surpriseOf = (errors: Errors, size: number): number =>
  size === 0 ? 0 : toSurprise(shareMissed(errors) * Math.exp(-errorSurprise(size)));

/** How many scales an error is, on the scale of values where errors up and down are alike. */
export function sizeOf(state: State, error: number, scale: number, forecast: number): number {
  const level = Math.max(levelAt(state, forecast), scale);
  const power = evenPower(state, scale, level);
  const plain = Math.abs(error) / scale;
  if (power === 1) return plain;
  const ratio = Math.max(0, 1 + error / level);
  const even = Math.abs(ratio ** power - 1) / (power * (scale / level));
  // The first value below 0: what made the series one that is never negative is over.
  return forecast + error < 0 ? Math.max(even, plain) : even;
}

/** The error that has this size, negative for one downwards: the inverse of {@link sizeOf}. */
export function errorOfSize(state: State, size: number, scale: number, forecast: number): number {
  const level = Math.max(levelAt(state, forecast), scale);
  const power = evenPower(state, scale, level);
  if (power === 1) return size * scale;
  const ratio = Math.max(0, 1 + size * power * (scale / level)) ** (1 / power);
  return level * (ratio - 1);
}

/** The power of values that makes errors go as far up as down. What counting noise explains is no sign of skew. */
function evenPower(state: State, scale: number, level: number): number {
  // What can be negative has no floor to be skewed by; what was always 0 has a scale that is only assumed.
  if (state.negative || state.usual === 0) return 1;
  const share = Math.sqrt(Math.max(0, (scale / level) ** 2 - COUNTING * (grainOf(state) / level)));
  const skew = Math.max(0, Math.min(1, (share - SKEW.from) / SKEW.over));
  return 1 - skew * (1 - SKEW.power);
}

/** Whether an earlier error was to the same side and about as far: something far larger tells nothing of this one. */
export const isAlike = (earlier: number, error: number): boolean =>
  earlier / error >= ALIKE.from && earlier / error <= ALIKE.to;

/** The most that an error can surprise where some of the last ones were about as large. */
export function rankBound(errors: Errors, error: number): number {
  const alike = errors.last.filter((earlier) => isAlike(earlier, error)).length;
  return alike === 0 ? Number.POSITIVE_INFINITY : Math.log((errors.last.length + 1) / alike);
}

/** Adds an error to the record, in place. */
export function recordError(state: State, errors: Errors, error: number, forecast: number): void {
  const level = levelAt(state, forecast);
  const size = Math.min(Math.abs(error), CLIP * scaleOf(state, errors, forecast));
  for (const power of ALL_POWERS) {
    errors.sums[power] = errors.sums[power] * FADE + size / level ** POWERS[power];
  }
  errors.seen = errors.seen * FADE + 1;
  errors.changed = errors.changed * FADE + (error === 0 ? 0 : 1);
  errors.last.push(roundTo(4, error));
  if (errors.last.length > LAST_ERRORS) errors.last.shift();
}

/** Learns which power of the level explains the sizes of errors best (by their likelihood, Laplace), in place. */
export function judgePowers(state: State, errors: Errors, error: number, forecast: number): void {
  if (errors.seen < ENOUGH_ERRORS || error === 0) return;
  for (const power of ALL_POWERS) {
    const scale = scaleOf(state, errors, forecast, power);
    const cost = Math.log(scale) + Math.min(Math.abs(error) / scale, CLIP);
    state.fits[power] = state.fits[power] * FADE + cost * (1 - FADE);
  }
}
