import type { State } from "./state.ts";
import { countAtLeast, remember } from "./tail.ts";

/** Equal surprises may differ by rounding. */
const TIE = 1e-6;
/** The share of a series' points so far that an event stays in mind for, within 5 and 150 points. */
const SPAN_SHARE = 0.06;
const SHORTEST_SPAN = 5;
const LONGEST_SPAN = 150;
/** What is so much more surprising than the event that was told is told again. */
const FAR_MORE = 2;
/** Events about as surprising as this are a habit of the series from the eighth on, if they come too often. */
const HABIT = 8;
const ALIKE = 0.9;

/**
 * What is left of a point's surprise with the recent points in mind: all of it where none of them was as surprising, else
 * the little that it would add. Remembers it, in place.
 */
export function stepPeaks(state: State, surprise: number): number {
  const oldest = state.count - spanOf(state);
  const recent = state.peaks.filter((peak) => peak.count >= oldest);
  const greatest = recent[0]?.surprise ?? 0;
  state.peaks = [...recent.filter((peak) => peak.surprise > surprise), { count: state.count, surprise }];
  return surprise > greatest + TIE ? surprise : 0;
}

/**
 * Whether an event is worth an alert: beyond the limit, no part of one that was told, and none of a kind that this series
 * has so often that the alerts would exceed their rate. Remembers it, in place.
 */
export function isToTell(state: State, surprise: number, falseAlarmRate: number): boolean {
  const { told, events } = state;
  const alike = surprise > 0 ? countAtLeast(events, ALIKE * surprise) : 0;
  const isHabit = alike >= HABIT && alike > falseAlarmRate * events.total;
  const isSameEvent = told !== null && told.count >= state.count - spanOf(state);
  remember(events, surprise);
  if (surprise < -Math.log(falseAlarmRate) || isHabit) return false;
  if (isSameEvent && surprise < FAR_MORE * told.surprise) return false;
  state.told = { count: state.count, surprise };
  return true;
}

const spanOf = ({ count }: State) =>
  Math.max(SHORTEST_SPAN, Math.min(LONGEST_SPAN, Math.round(SPAN_SHARE * count)));
