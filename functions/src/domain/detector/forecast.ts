import { median } from "simple-statistics";
import {
  ENOUGH_ERRORS,
  type Errors,
  errorOf,
  isAlike,
  judgePowers,
  meanError,
  rankBound,
  recordError,
  scaleOf,
  scaleWithoutLuck,
  shareMissed,
  sizeOf,
  surpriseOf,
  withDoubt,
} from "./errors.ts";
import { learnSeason, partOf, SEASON_NAMES, seasonalForecast, within } from "./season.ts";
import { EXPERTS, type Expert, type State } from "./state.ts";

const DAY = 86_400_000;
/** The level is the mean of all values at first, later of about the last 10. */
const LEVEL_RATE = 0.1;
/** How far one value pulls a level or a season, in usual errors. */
const PULL = 3;
/** The points that a trend is drawn through. */
const TREND_POINTS = 12;
const SEASON_FACTOR = 1.15;
/** So many errors on one side, as improbable as this, make a new level. */
const RUN = 3;
const EVEN = 0.25;
const NEW_LEVEL = -Math.log(0.001);

/** What was expected of a point, and how surprising it is by that. */
export interface Expectation {
  readonly expert: Expert;
  readonly value: number;
  /** The size of a usual error, and the share of points that err at all. */
  readonly scale: number;
  readonly missed: number;
  /** Surprise of the point by itself, and of the last three points together. */
  readonly point: Surprise;
  readonly run: Surprise;
  /** Whether those three are all clearly off, and not only the newest. */
  readonly even: boolean;
}

interface Surprise {
  readonly bySize: number;
  /** The most that it can be where errors alike were seen lately. */
  readonly bound: number;
}
const NONE: Surprise = { bySize: 0, bound: 0 };

export const bounded = ({ bySize, bound }: Surprise): number => Math.min(bySize, bound);

/**
 * What the point was expected to be by the expert that erred least lately, and how surprising it is. Learns the point,
 * in place.
 */
export function stepForecast(state: State, at: number, value: number): Expectation | undefined {
  const cadence = cadenceOf(state.recent);
  const made = forecasts(state, at, cadence);
  const expectation = expect(state, at, value, made, cadence);
  learn(state, at, value, made, cadence);
  if (expectation && bounded(expectation.run) > NEW_LEVEL) startLevel(state, at, value, cadence);
  return expectation;
}

/** The usual distance between points, by the median of the last ones; a day where there is none yet. */
function cadenceOf(recent: State["recent"]): number {
  const last = recent.slice(-21);
  const gaps = last.slice(1).map(({ at }, i) => at - (last[i]?.at ?? at));
  return gaps.length > 0 ? median(gaps) : DAY;
}

type Forecasts = ReadonlyMap<Expert, number>;

function forecasts(state: State, at: number, cadence: number): Forecasts {
  const { recent } = state;
  const made = new Map<Expert, number>();
  const last = recent.at(-1);
  if (!last) return made;
  made.set("last", last.value);
  if (recent.length >= 3) {
    made.set("middle", median(recent.slice(-3).map((point) => point.value)));
    made.set("level", state.level);
  }
  if (recent.length >= TREND_POINTS / 2) {
    const points = recent.slice(-TREND_POINTS);
    const slope = slopeOf(points);
    made.set("trend", median(points.map((point) => point.value + slope * (at - point.at))));
    made.set("drift", last.value + slope * (at - last.at));
  }
  for (const name of SEASON_NAMES) {
    const forecast = seasonalForecast(state[name], partOf(name, at, cadence));
    if (forecast !== undefined) made.set(name, forecast);
  }
  return made;
}

/** The slope of the line through points by medians (Theil and Sen): two wild points in seven cannot turn it. */
function slopeOf(points: State["recent"]): number {
  return median(
    points.flatMap((to, i) => points.slice(0, i).map((from) => (to.value - from.value) / (to.at - from.at))),
  );
}

function expect(
  state: State,
  at: number,
  value: number,
  made: Forecasts,
  cadence: number,
): Expectation | undefined {
  // In a series that mostly stays where it is, only an expert that can be exactly right is of use.
  const resting = state.errors.last.seen >= ENOUGH_ERRORS && shareMissed(state.errors.last) < 0.5;
  const expert = bestOf(state, made, resting ? ["middle", "last"] : EXPERTS);
  const forecast = expert && made.get(expert);
  if (!expert || forecast === undefined) return undefined;
  const errors = state.errors[expert];
  const error = errorOf(value, forecast);
  const learned = withDoubt(errors, scaleWithoutLuck(state, expert, forecast));
  const scale = learned * gapFactor(state, expert, at, cadence);
  const weekly = weekBound(state, value, forecast, cadence);
  const point = {
    bySize: surpriseOf(errors, sizeOf(state, error, scale, forecast)),
    bound: Math.min(weekly, rankBound(errors, error)),
  };
  const steady = resting ? undefined : bestOf(state, made, ["level", "trend", "day", "week"]);
  const run = steady ? stepRun(state, value, made.get(steady) ?? value, weekly) : NONE;
  const even = isEven(state.run);
  judgePowers(state, errors, error, forecast);
  return { expert, value: forecast, scale, missed: shareMissed(errors), point, run, even };
}

/** The expert that erred least, the plainest of equals; a season has many parameters and must earn them. */
function bestOf(state: State, made: Forecasts, among: readonly Expert[]): Expert | undefined {
  let best: { expert: Expert; error: number } | undefined;
  for (const expert of among) {
    if (!made.has(expert)) continue;
    const factor = expert === "day" || expert === "week" ? SEASON_FACTOR : 1;
    const error = factor * meanError(state, state.errors[expert]);
    if (!best || error < best.error * (1 - 1e-9)) best = { expert, error };
  }
  return best?.expert;
}

/** After a gap of several times the usual, what starts from the last values may be further off. */
function gapFactor(state: State, expert: Expert, at: number, cadence: number): number {
  if (expert === "level" || expert === "day" || expert === "week") return 1;
  const gap = at - (state.recent.at(-1)?.at ?? at);
  return Math.sqrt(Math.min(Math.max(gap / cadence, 1), 9));
}

/**
 * The most that a point of a daily series can surprise before the third week: what was there in the last seven days may
 * be the way of the week.
 */
function weekBound(state: State, value: number, forecast: number, cadence: number): number {
  if (state.count >= 21 || cadence < DAY / 2 || cadence > 2 * DAY) return Number.POSITIVE_INFINITY;
  const week = state.recent.slice(-7);
  const alike = week.filter((point) => isAlike(point.value - forecast, value - forecast)).length;
  return alike === 0 ? Number.POSITIVE_INFINITY : Math.log((week.length + 1) / alike);
}

/** Surprise of the last three errors of the steady forecast together, where they are all on one side. */
function stepRun(state: State, value: number, forecast: number, weekly: number): Surprise {
  const error = errorOf(value, forecast);
  state.run = [...state.run, error].slice(-RUN);
  const together = state.run.reduce((sum, e) => sum + e, 0) / RUN;
  const oneSided = state.run.length === RUN && error !== 0 && state.run.every((e) => e * error > 0);
  const scale = withDoubt(state.runs, scaleOf(state, state.runs, forecast));
  const surprise = oneSided
    ? {
        bySize: surpriseOf(state.runs, sizeOf(state, together, scale, forecast)),
        bound: Math.min(weekly, rankBound(state.runs, together)),
      }
    : NONE;
  recordError(state, state.runs, together, forecast);
  return surprise;
}

/** Whether none of the errors is small beside their mean. */
function isEven(errors: readonly number[]): boolean {
  const together = errors.reduce((sum, error) => sum + error, 0) / RUN;
  return errors.length === RUN && errors.every((error) => error / together >= EVEN);
}

function learn(state: State, at: number, value: number, made: Forecasts, cadence: number): void {
  const pullOf = (errors: Errors) =>
    errors.seen < ENOUGH_ERRORS ? Number.POSITIVE_INFINITY : PULL * scaleOf(state, errors, value);
  for (const name of SEASON_NAMES) {
    learnSeason(state[name], partOf(name, at, cadence), value, pullOf(state.errors[name]));
  }
  const rate = Math.max(LEVEL_RATE, 1 / (state.count + 1));
  state.level += rate * within(value - state.level, pullOf(state.errors.level));
  for (const [expert, forecast] of made) {
    recordError(state, state.errors[expert], errorOf(value, forecast), forecast);
  }
}

/** Begins anew from the last three points: the new level is normal from here on. */
function startLevel(state: State, at: number, value: number, cadence: number): void {
  const last = [...state.recent.slice(1 - RUN), { at, value }];
  state.level = median(last.map((point) => point.value));
  for (const name of SEASON_NAMES) {
    const season = state[name];
    season.level = median(
      last.map((point) => point.value - (season.mean[partOf(name, point.at, cadence) ?? -1] ?? 0)),
    );
  }
  state.run = [];
}
