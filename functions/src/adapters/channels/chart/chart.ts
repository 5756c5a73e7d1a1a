import type { ChartSeries } from "../../../domain/message/message.ts";

/** A series with one point marked, and what was expected of that point. */
export interface AlertChart {
  readonly kind: "alert";
  readonly series: ChartSeries;
  readonly markedAt: Date;
  readonly color: string;
  readonly expected?: { readonly low: number; readonly high: number };
}

/** A series as a line without axes, beside its figures. */
export interface Sparkline {
  readonly kind: "sparkline";
  readonly series: ChartSeries;
  readonly color: string;
}

export type Chart = AlertChart | Sparkline;

/** A chart that a message asks for, under the id by which the message refers to it. */
export interface ChartRequest {
  readonly id: string;
  readonly chart: Chart;
}

/**
 * The size that a chart's letters and lines are made for. It is drawn with more pixels, for dense screens, and
 * shown somewhat larger on a wide screen and smaller on a phone.
 */
export const CHART_SIZES = {
  alert: { width: 460, height: 190 },
  sparkline: { width: 132, height: 36 },
} as const;

/** The points that can be drawn, the oldest first; a point in time has its last value. */
export function drawablePoints({ points }: ChartSeries): [at: number, value: number][] {
  const byTime = new Map(points.map(({ at, value }) => [at.getTime(), value]));
  return [...byTime]
    .filter(([at, value]) => Number.isFinite(at) && Number.isFinite(value))
    .sort(([a], [b]) => a - b);
}

/** A line needs two points. */
export function canBeDrawn(series: ChartSeries): boolean {
  return drawablePoints(series).length >= 2;
}
