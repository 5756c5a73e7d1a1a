import { median } from "simple-statistics";
import type { KnownSeries } from "../../domain/analysis/detectorStates.ts";
import { type NumericPoint, seriesKey } from "../../domain/analysis/series.ts";
import { advance, type Point, type Settings, type Verdict } from "../../domain/detector/detector.ts";
import { type State, start } from "../../domain/detector/state.ts";

/** A point that the detector was surprised by. */
export interface Anomaly {
  readonly point: NumericPoint;
  readonly verdict: Verdict;
}

/** A series after its new point: what the detector found, and what it knows now. */
export interface Judged {
  readonly point: NumericPoint;
  /** What was expected of it; null where nothing is. */
  readonly expected: Verdict["expected"];
  readonly anomalies: readonly Anomaly[];
  readonly state: State;
  readonly lastObservedAt: Date;
}

/** The points that are older than what the detector has seen of their series, and until when it has. */
export function latePoints(
  points: readonly NumericPoint[],
  known: ReadonlyMap<string, KnownSeries>,
): (NumericPoint & { until: Date })[] {
  return points.flatMap((point) => {
    const before = known.get(seriesKey(point));
    const isBehind = before !== undefined && (before.lastObservedAt >= point.observedAt || !before.state);
    if (!isBehind) return [];
    const until = Math.max(before.lastObservedAt.getTime(), point.observedAt.getTime());
    return [{ ...point, until: new Date(until) }];
  });
}

const DAY = 86_400_000;
/** One point in a hundred is enough, however rarely a series comes. */
const MOST_FREQUENT = 10;

/**
 * The settings for a series by how often it comes: the rate of false alarms is that of a daily series, and one that
 * comes every week has as many a year. By points alone, a monthly series would be told of once in 80 years.
 */
export function settingsFor({ recent }: Pick<State, "recent">, settings: Settings): Settings {
  const gaps = recent.slice(1).map(({ at }, index) => at - (recent[index]?.at ?? at));
  if (gaps.length === 0) return settings;
  const days = Math.min(MOST_FREQUENT, Math.max(1, median(gaps) / DAY));
  return { ...settings, falseAlarmRate: Math.min(0.5, settings.falseAlarmRate * days) };
}

/** So few points let nobody expect anything. */
const ENOUGH_POINTS = 8;

function expectationOf({ count }: State, { expected }: Verdict): Verdict["expected"] {
  return count > ENOUGH_POINTS ? expected : null;
}

/**
 * Judges the newest point of a series by what the detector knows of it, which is changed by that: a copy of all states
 * took as long as judging.
 *
 * @param history where the point comes late, the points up to the last one that was judged, with this one among
 *   them: they are judged again in order, and what is found from this one on counts
 */
export function judgeSeries(
  point: NumericPoint,
  known: KnownSeries | undefined,
  history: readonly Point[] | undefined,
  settings: Settings,
): Judged {
  const at = point.observedAt.getTime();
  if (history === undefined) {
    const state = known?.state ?? start();
    const verdict = advance(state, { at, value: point.value }, settingsFor(state, settings));
    return {
      point,
      expected: expectationOf(state, verdict),
      anomalies: verdict.alert ? [{ point, verdict }] : [],
      state,
      lastObservedAt: point.observedAt,
    };
  }
  const state = start();
  const anomalies: Anomaly[] = [];
  let previous: number | null = null;
  let expected: Verdict["expected"] = null;
  for (const step of history) {
    const verdict = advance(state, step, settingsFor(state, settings));
    if (step.at === at) expected = expectationOf(state, verdict);
    if (verdict.alert && step.at >= at) {
      const observedAt = new Date(step.at);
      anomalies.push({ point: { ...point, observedAt, value: step.value, previous }, verdict });
    }
    previous = step.value;
  }
  return { point, expected, anomalies, state, lastObservedAt: new Date(history.at(-1)?.at ?? at) };
}
