import { stepContexts } from "./contexts.ts";
import { bounded, type Expectation } from "./forecast.ts";
import type { Novelty } from "./novelty.ts";
import { within } from "./season.ts";
import type { State } from "./state.ts";
import { toSurprise } from "./surprise.ts";
import { rememberAndCompare } from "./tail.ts";

/** How surprising a point is, seen from five sides, each as -ln of a probability. */
export interface Views {
  /** Far from the forecast, alone or as the third in a row. */
  readonly forecast: number;
  /** A level that does not usually follow the levels before. */
  readonly context: number;
  /** A value apart from all that is remembered. */
  readonly value: number;
  /** A course of the last four values unlike any that is remembered. */
  readonly shape: number;
  /** More surprise in a short time than usual. */
  readonly unrest: number;
}

/** The forecast counts for these many points before its errors have a distribution of their own. */
const SKIPPED = 8;
/** Points over which the observed distribution of errors replaces the assumed one. */
const OWN_DISTRIBUTION = { from: 200, over: 800 };
/** Points over which what is new in a series comes to count, as there is enough old. */
const NOVELTY = { from: 100, over: 400 };
/** Surprise is averaged over about this many points to find unrest. */
const UNREST_POINTS = 16;

/** Sees a point from all sides, with what came before it; learns it, in place. `kept` is the value as in memory. */
export function stepViews(
  state: State,
  kept: number,
  apart: Novelty,
  expectation: Expectation | undefined,
): Views {
  const { tails, count } = state;
  const { low, high } = apart;
  const unusual = state.contexts.reduce((sum, contexts) => sum + stepContexts(contexts, kept, low, high), 0);
  const forecast = forecastView(state, expectation);
  const context = rememberAndCompare(tails.context, count < SKIPPED ? 0 : unusual);
  const value = rememberAndCompare(tails.value, apart.value);
  const shape = rememberAndCompare(tails.shape, apart.shape);
  state.unrest += (forecast + context + value + shape - state.unrest) / UNREST_POINTS;
  return { forecast, context, value, shape, unrest: rememberAndCompare(tails.unrest, state.unrest) };
}

function forecastView(state: State, expectation: Expectation | undefined): number {
  if (!expectation) return 0;
  const { point, run } = expectation;
  // The better of two chances: their probability is double.
  const assumed = Math.max(0, Math.max(point.bySize, run.bySize) - Math.LN2);
  const ranked = Math.max(0, Math.max(bounded(point), bounded(run)) - Math.LN2);
  if (state.count < SKIPPED) return ranked;
  const observed = rememberAndCompare(state.tails.forecast, assumed);
  const share = progress(state.count, OWN_DISTRIBUTION);
  return (1 - share) * ranked + share * observed;
}

/**
 * One surprise from all views. In a short series that of the forecast; in a long one the greater of that and of all five
 * together (Fisher's sum of logarithms, with half the degrees of freedom, for the views depend on one another).
 */
export function combine(views: Views, count: number): number {
  const { forecast, context, value, shape, unrest } = views;
  const share = progress(count, NOVELTY);
  const sum = (2 / 5) * (forecast + context + value + shape + unrest);
  // The tail of the gamma distribution of shape 2: (1 + sum)·e^(-sum).
  const together = sum - Math.log1p(sum);
  const mixed = (1 - share) * forecast + share * together;
  return toSurprise(Math.exp(-Math.max(mixed, forecast - share * Math.LN2)));
}

const progress = (count: number, { from, over }: { from: number; over: number }) =>
  (within(2 * ((count - from) / over) - 1, 1) + 1) / 2;
