import type { EChartsCoreOption } from "echarts";
import { formatTick, formatValue } from "../../../domain/words/numbers.ts";
import { type AlertChart, drawablePoints, type Sparkline } from "./chart.ts";

export const FONT_FAMILY = "Inter";

const LINE = "#3b5bdb";
const AXIS_TEXT = "#667085";
const GRID = "#eceef2";
const EXPECTED = "rgba(18, 140, 94, 0.13)";
const EXPECTED_EDGE = "rgba(18, 140, 94, 0.55)";

// The band is about one point. Where points are dense it would be too narrow to see, so it has at least this
// share of the width.
const BAND_SHARE = 0.12;
// How much of the width a label takes, and how far the line must be from it.
const LABEL_SHARE = 0.15;

/** What Apache ECharts draws for a finding: the line, the marked point with its value, the expected band. */
export function alertChartOption({ series, markedAt, color, expected }: AlertChart): EChartsCoreOption {
  const points = drawablePoints(series);
  const marked = points.find(([at]) => at === markedAt.getTime()) ?? points.at(-1);
  if (marked === undefined) throw new Error("A chart needs points");
  return {
    ...common,
    grid: { left: 8, right: 14, top: 20, bottom: 6, outerBoundsMode: "same" },
    xAxis: timeAxis(points),
    yAxis: valueAxis,
    series: [
      line(points),
      ...(expected === undefined ? [] : [expectedBand(points, marked, expected)]),
      markedPoint(marked, { color, unit: series.unit, label: labelPlace(points, marked) }),
    ],
  };
}

/** What Apache ECharts draws for a sparkline: the line and its last point. */
export function sparklineOption({ series, color }: Sparkline): EChartsCoreOption {
  const points = drawablePoints(series);
  return {
    ...common,
    grid: { left: 4, right: 6, top: 6, bottom: 6 },
    xAxis: { type: "time", show: false, min: "dataMin", max: "dataMax" },
    yAxis: { type: "value", show: false, scale: true },
    series: [
      {
        ...line(points),
        lineStyle: { color, width: 2 },
        areaStyle: { color, opacity: 0.08, origin: "start" },
      },
      {
        type: "scatter",
        data: points.slice(-1),
        symbolSize: 6,
        itemStyle: { color, opacity: 1 },
        silent: true,
      },
    ],
  };
}

const common = {
  animation: false,
  useUTC: true,
  backgroundColor: "#ffffff",
  textStyle: { fontFamily: FONT_FAMILY },
};

const axisLabel = { color: AXIS_TEXT, fontSize: 11, fontFamily: FONT_FAMILY, hideOverlap: true };

// The ticks that ECharts chooses for times crowd at the turn of a month.
const TIME_LABELS = 5;
const DAY = 86_400_000;

function timeAxis(points: readonly [number, number][]) {
  const first = points[0]?.[0] ?? 0;
  const last = points.at(-1)?.[0] ?? first;
  const times = Array.from(
    { length: TIME_LABELS },
    (_, i) => first + ((last - first) * i) / (TIME_LABELS - 1),
  );
  const words = timeWords(last - first);
  return {
    type: "time",
    min: first,
    max: last,
    axisLine: { lineStyle: { color: "#d0d5dd" } },
    axisTick: { show: true, customValues: times, lineStyle: { color: "#d0d5dd" } },
    axisLabel: {
      ...axisLabel,
      customValues: times,
      alignMinLabel: "left",
      alignMaxLabel: "right",
      formatter: (at: number) => words.format(at),
    },
  };
}

function timeWords(span: number): Intl.DateTimeFormat {
  const utc = { timeZone: "UTC" } as const;
  if (span > 500 * DAY) return new Intl.DateTimeFormat("en-GB", { ...utc, month: "short", year: "numeric" });
  if (span > 4 * DAY) return new Intl.DateTimeFormat("en-GB", { ...utc, day: "numeric", month: "short" });
  const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
  return new Intl.DateTimeFormat("en-GB", { ...utc, day: "numeric", month: "short", ...clock });
}

const valueAxis = {
  type: "value",
  scale: true,
  splitNumber: 4,
  axisLabel: { ...axisLabel, formatter: formatTick },
  splitLine: { lineStyle: { color: GRID } },
};

function line(points: readonly (readonly [number, number])[]) {
  return {
    type: "line",
    data: points,
    symbol: "none",
    // Thousands of points on some hundred pixels: keeps the peaks.
    sampling: "minmax",
    lineStyle: { color: LINE, width: 2, join: "round" },
    silent: true,
  };
}

interface LabelPlace {
  readonly position: string | readonly [string, number];
  readonly align: "left" | "center" | "right";
}

/** Where a point's label is not on the line: beside it where the line comes from afar, else above or below. */
function labelPlace(points: readonly [number, number][], [at, value]: readonly [number, number]): LabelPlace {
  const first = points[0]?.[0] ?? at;
  const span = (points.at(-1)?.[0] ?? at) - first;
  const values = points.map(([, one]) => one);
  const height = Math.max(...values) - Math.min(...values);
  const near = points.filter(([other]) => other !== at && Math.abs(other - at) <= span * LABEL_SHARE);
  const around = near.reduce((sum, [, one]) => sum + one, 0) / Math.max(1, near.length);
  const share = span === 0 ? 1 : (at - first) / span;
  const isFar = near.length > 0 && Math.abs(around - value) > height * LABEL_SHARE;
  if (isFar) return share < 0.5 ? { position: "right", align: "left" } : { position: "left", align: "right" };
  const index = points.findIndex(([other]) => other === at);
  const neighbours = [points[index - 1], points[index + 1]].flatMap((point) => (point ? [point[1]] : []));
  const y = neighbours.reduce((sum, one) => sum + one - value, 0) <= 0 ? -17 : 16;
  if (share < LABEL_SHARE) return { position: ["0%", y], align: "left" };
  return share > 1 - LABEL_SHARE
    ? { position: ["100%", y], align: "right" }
    : { position: ["50%", y], align: "center" };
}

function markedPoint(
  point: readonly [number, number],
  { color, unit, label }: { color: string; unit: string | undefined; label: LabelPlace },
) {
  return {
    type: "scatter",
    data: [point],
    symbolSize: 11,
    itemStyle: { color, opacity: 1, borderColor: "#ffffff", borderWidth: 2 },
    silent: true,
    z: 5,
    label: {
      show: true,
      ...label,
      distance: 7,
      formatter: formatValue(point[1], unit),
      color,
      fontFamily: FONT_FAMILY,
      fontWeight: 600,
      fontSize: 13,
      textBorderColor: "#ffffff",
      textBorderWidth: 3,
    },
  };
}

function expectedBand(
  points: readonly [number, number][],
  [at]: readonly [number, number],
  { low, high }: { low: number; high: number },
) {
  const first = points[0]?.[0] ?? at;
  const last = points.at(-1)?.[0] ?? at;
  const before = points.findLast(([other]) => other < at)?.[0] ?? at;
  const from = Math.max(first, Math.min(before, at - (last - first) * BAND_SHARE));
  const to = Math.min(last, Math.max(at, from + (last - first) * BAND_SHARE));
  return {
    // Invisible points at its edges, so that the value axis makes room for the band.
    type: "scatter",
    data: [
      [at, low],
      [at, high],
    ],
    symbolSize: 0,
    silent: true,
    z: 1,
    markArea: {
      silent: true,
      // Above the line, which would cross out the label.
      z: 3,
      itemStyle: { color: EXPECTED, borderColor: EXPECTED_EDGE, borderWidth: 1, borderType: "dashed" },
      label: {
        show: true,
        position: [-12, -16],
        color: "#0b6b47",
        fontFamily: FONT_FAMILY,
        fontSize: 11,
        formatter: "expected",
        textBorderColor: "#ffffff",
        textBorderWidth: 4,
      },
      data: [[{ coord: [from, low] }, { coord: [to, high] }]],
    },
  };
}
