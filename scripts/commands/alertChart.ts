import asciichart from "asciichart";

/** A point of a chart: its value, and whether to mark it. */
export interface ChartPoint {
  readonly value: number;
  readonly alert: boolean;
}

const HEIGHT = 12;
const LABEL_WIDTH = 11;
// The label, a space, the axis.
const AXIS_WIDTH = LABEL_WIDTH + 2;
const MARK = "▲";

/**
 * Draws points as lines of text, `width` characters wide, with a mark below each column that has an alert. The columns
 * share the points evenly; a column shows its first alert, or else the value furthest from the mean, so no peak is lost.
 */
export function alertChart(points: readonly ChartPoint[], width: number): string {
  if (points.length === 0) return "";
  const columns = Math.min(points.length, Math.max(10, width - AXIS_WIDTH));
  const mean = points.reduce((sum, { value }) => sum + value / points.length, 0);
  const shown = Array.from({ length: columns }, (_, column) => {
    const from = Math.floor((column * points.length) / columns);
    const to = Math.floor(((column + 1) * points.length) / columns);
    return standingFor(points.slice(from, to), mean);
  });
  const chart = asciichart.plot(
    shown.map(({ value }) => value),
    { height: HEIGHT, format: (value) => label(value).padStart(LABEL_WIDTH) },
  );
  const marks = shown.map(({ alert }) => (alert ? MARK : " ")).join("");
  // The chart draws a line up to a value one column before the value itself.
  return `${chart}\n${" ".repeat(AXIS_WIDTH - 1)}${marks}`.trimEnd();
}

function standingFor(points: readonly ChartPoint[], mean: number): ChartPoint {
  const furthest = points.reduce((far, point) =>
    Math.abs(point.value - mean) > Math.abs(far.value - mean) ? point : far,
  );
  return points.find(({ alert }) => alert) ?? furthest;
}

const label = (value: number) => {
  const text = value.toPrecision(6);
  return text.includes("e") ? value.toExponential(3) : String(Number(text));
};
