import { isToTell, stepPeaks } from "./events.ts";
import { type Expectation, stepForecast } from "./forecast.ts";
import { type Novelty, novelty } from "./novelty.ts";
import { expectedRange, type Findings, type Kind, kindOf, type Range, reasonOf } from "./reason.ts";
import { MEMORY, RECENT, type State } from "./state.ts";
import { inUnits, learnSize, roundTo } from "./unit.ts";
import { combine, stepViews, type Views } from "./views.ts";

/** One observation: a finite value, and when it was made in milliseconds since the epoch. */
export interface Point {
  readonly at: number;
  readonly value: number;
}

export interface Settings {
  /** The share of the points of an uneventful series that get an alert: 0.001 is one in a thousand. */
  readonly falseAlarmRate: number;
}
export const DEFAULT_SETTINGS: Settings = { falseAlarmRate: 0.001 };

/** What the detector says of a point. */
export interface Verdict {
  /**
   * 1 - the probability that a point this surprising comes by chance in a series that goes on as it did; 0 while it is
   * too short to tell, and for what only continues a recent event.
   */
  readonly score: number;
  /** Worth telling: the score is beyond 1 - falseAlarmRate, and the event was not told yet. */
  readonly alert: boolean;
  readonly kind: Kind;
  /** 98 of 100 ordinary points lie within; null before anything is expected. */
  readonly expected: Range | null;
  readonly reason: string;
}

/** Fewer points than this are too few to call any of them unusual. */
const ENOUGH_POINTS = 8;
/** Less surprising than one in 20, a point is called ordinary. */
const NOTABLE = -Math.log(0.05);

/**
 * Judges a point by those before it. A point that is not newer than the last one changes nothing: it was judged
 * before, or can no longer be judged by what was known at its time.
 *
 * @returns the verdict, and the state to judge the next point with; the given state stays as it is
 */
export function step(
  state: State,
  point: Point,
  settings: Settings = DEFAULT_SETTINGS,
): { state: State; verdict: Verdict } {
  const next = structuredClone(state);
  return { verdict: advance(next, point, settings), state: next };
}

/** {@link step} in place, for going through a long series without a copy per point. */
export function advance(state: State, point: Point, settings: Settings = DEFAULT_SETTINGS): Verdict {
  const previous = state.recent.at(-1);
  if (previous && point.at <= previous.at) return silent("already seen", "not newer than the last point");
  const value = inUnits(state, point.value);
  if (state.count === 0) state.origin = value;
  const kept = roundTo(6, value - state.origin);

  const expectation = stepForecast(state, point.at, value);
  const before = { last: previous?.value ?? value, repeated: state.unchanged };
  const apart = novelty(state.memory, kept);
  const views = stepViews(state, kept, apart, expectation);
  const surprise = state.count < ENOUGH_POINTS - 1 ? 0 : combine(views, state.count);
  const left = stepPeaks(state, surprise);
  const alert = isToTell(state, left, settings.falseAlarmRate);
  const verdict = expectation
    ? describe(state, point, { views, apart, expectation, surprise, left, alert, ...before })
    : silent("learning", "the first point");
  remember(state, point, value, kept);
  return verdict;
}

interface Judgement {
  views: Views;
  apart: Novelty;
  expectation: Expectation;
  surprise: number;
  left: number;
  alert: boolean;
  last: number;
  repeated: number;
}

function describe(state: State, { value }: Point, judgement: Judgement): Verdict {
  const { views, apart, expectation, surprise, left, alert, last, repeated } = judgement;
  const expected = expectedRange(state, expectation);
  if (state.count < ENOUGH_POINTS - 1) {
    return { ...silent("learning", `point ${state.count + 1} of the ${ENOUGH_POINTS} it takes`), expected };
  }
  const findings: Findings = {
    value,
    expected,
    expectation,
    views,
    before: {
      low: (apart.low + state.origin) * state.unit,
      high: (apart.high + state.origin) * state.unit,
      count: state.memory.length,
    },
    last: last * state.unit,
    repeated,
  };
  const kind = surprise < NOTABLE ? "ordinary" : kindOf(findings);
  return { score: -Math.expm1(-left), alert, kind, expected, reason: reasonOf(kind, findings) };
}

const silent = (kind: Kind, reason: string): Verdict => ({
  score: 0,
  alert: false,
  kind,
  expected: null,
  reason,
});

function remember(state: State, { at }: Point, value: number, kept: number): void {
  learnSize(state, value);
  state.unchanged = state.recent.at(-1)?.value === value ? state.unchanged + 1 : 1;
  state.recent.push({ at, value });
  if (state.recent.length > RECENT) state.recent.shift();
  state.memory.push(kept);
  if (state.memory.length > MEMORY) state.memory.shift();
  state.count++;
}
