import asciichart from "asciichart";

/** A point of a series. */
export interface Point {
  readonly at: Date;
  readonly value: number;
}

const HEIGHT = 7;
const LABEL_WIDTH = 9;
// The label, a space, the axis.
const AXIS_WIDTH = LABEL_WIDTH + 2;

/**
 * Draws a series as lines of text, `width` characters wide, with its first and last day below. The horizontal axis
 * is time: a column shows the value in force then.
 */
export function lineChart(points: readonly Point[], width: number): string {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined) return "";
  const columns = Math.max(10, width - AXIS_WIDTH);
  const chart = asciichart.plot(sample(points, first.at, last.at, columns), {
    height: HEIGHT,
    format: (value) => value.toFixed(Math.abs(value) < 1000 ? 1 : 0).padStart(LABEL_WIDTH),
  });
  const [from, to] = [day(first.at), day(last.at)];
  const gap = " ".repeat(Math.max(1, columns - from.length - to.length));
  return `${chart}\n${" ".repeat(AXIS_WIDTH)}${from}${gap}${to}`;
}

/** The value in force at each of `count` evenly spaced instants. Points are in order of time. */
function sample(points: readonly Point[], from: Date, to: Date, columns: number): number[] {
  const step = (to.getTime() - from.getTime()) / (columns - 1);
  return Array.from({ length: columns }, (_, column) => {
    // Half a millisecond more, so that rounding does not drop the last point.
    const instant = from.getTime() + column * step + 0.5;
    return points.findLast(({ at }) => at.getTime() <= instant)?.value ?? Number.NaN;
  });
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
