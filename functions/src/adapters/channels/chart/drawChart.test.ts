import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { logger } from "firebase-functions/logger";
import {
  SENT_AT,
  sampleAlert,
  sampleReport,
  sampleSeries,
} from "../../../../test/channels/sampleMessages.ts";
import { canBeDrawn, drawablePoints } from "./chart.ts";
import { drawChart, drawCharts } from "./drawChart.ts";
import { messageCharts } from "./messageCharts.ts";

afterEach(() => {
  jest.restoreAllMocks();
});

/** The size of a PNG, from its header. */
function sizeOf(png: Uint8Array): { width: number; height: number } {
  const bytes = Buffer.from(png);
  expect(bytes.subarray(1, 4).toString("latin1")).toBe("PNG");
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

const alertChart = {
  kind: "alert",
  series: sampleSeries(140, 412, { unit: "stars" }),
  markedAt: SENT_AT,
  color: "#b42318",
  expected: { low: 120, high: 160 },
} as const;

describe("drawing", () => {
  test("an alert's chart has more pixels than it is shown with", async () => {
    expect(sizeOf(await drawChart(alertChart))).toEqual({ width: 1104, height: 456 });
  });

  test("the expected band and the marked point are in the picture", async () => {
    const { expected: _, ...withoutBand } = alertChart;
    const elsewhere = { ...alertChart, markedAt: alertChart.series.points[3]?.at ?? SENT_AT };
    const [full, bandless, moved] = await Promise.all(
      [alertChart, withoutBand, elsewhere].map((chart) => drawChart(chart)),
    );
    expect(full).not.toEqual(bandless);
    expect(full).not.toEqual(moved);
  });

  test("letters are drawn without any font of the machine", async () => {
    const chart = { ...alertChart, series: sampleSeries(140, 412, { unit: "MMMMMMMM" }) };
    expect(await drawChart(chart)).not.toEqual(await drawChart(alertChart));
  });

  test.each([
    ["equal values", sampleSeries(0, 0)],
    ["two points", sampleSeries(5, 9, { days: 2 })],
    ["five thousand points", sampleSeries(1e9, -3, { days: 5_000 })],
  ])("%s can be drawn, large and small", async (_, series) => {
    const { width } = sizeOf(await drawChart({ ...alertChart, series }));
    expect(width).toBe(1104);
    expect(sizeOf(await drawChart({ kind: "sparkline", series, color: "#12805c" }))).toEqual({
      width: 264,
      height: 72,
    });
  });

  test("a chart that cannot be drawn is left out, and the others are drawn", async () => {
    const warning = jest.spyOn(logger, "warn").mockImplementation(() => undefined);
    const requests = [
      { id: "bad", chart: { ...alertChart, series: { points: [] } } },
      { id: "good", chart: alertChart },
    ];
    const drawn = await drawCharts(requests);
    expect([...drawn.keys()]).toEqual(["good"]);
    expect(warning).toHaveBeenCalledTimes(1);
  });
});

describe("the charts of a message", () => {
  test("an alert has one for each finding with a series", () => {
    const ids = messageCharts(sampleAlert(7)).map(({ id }) => id);
    expect(ids).toEqual(["finding-0", "finding-1", "finding-2", "finding-3", "finding-4", "finding-6"]);
  });

  test("a report has one for each series, in the colour of its change", () => {
    const charts = messageCharts(sampleReport(2));
    expect(charts.map(({ id }) => id)).toEqual([
      "series-0-0",
      "series-0-1",
      "series-0-2",
      "series-1-0",
      "series-1-1",
      "series-1-2",
    ]);
    expect(charts.slice(0, 3).map(({ chart }) => chart.color)).toEqual(["#12805c", "#b42318", "#475467"]);
  });
});

test("points are put in order, repeated ones and those that are no number are dropped", () => {
  const at = (day: number) => new Date(Date.UTC(2025, 0, day));
  const points = [
    { at: at(3), value: 3 },
    { at: at(1), value: 1 },
    { at: at(2), value: Number.NaN },
    { at: at(3), value: 4 },
  ];
  expect(drawablePoints({ points })).toEqual([
    [at(1).getTime(), 1],
    [at(3).getTime(), 4],
  ]);
  expect(canBeDrawn({ points })).toBe(true);
  expect(canBeDrawn({ points: points.slice(1, 3) })).toBe(false);
});
