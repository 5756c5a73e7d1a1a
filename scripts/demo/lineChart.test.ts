import { expect, test } from "@jest/globals";
import { lineChart } from "./lineChart.ts";

const at = (day: string, value: number) => ({ at: new Date(`${day}T00:00:00Z`), value });

test("draws the value in force at each time, from the first day to the last", () => {
  const chart = lineChart([at("2000-01-01", 1), at("2000-01-20", 8), at("2000-01-31", 3)], 41);
  expect(chart.split("\n")).toEqual([
    "      8.0 ┤                  ╭─────────╮ ",
    "      7.0 ┤                  │         │ ",
    "      6.0 ┤                  │         │ ",
    "      5.0 ┤                  │         │ ",
    "      4.0 ┤                  │         │ ",
    "      3.0 ┤                  │         ╰ ",
    "      2.0 ┤                  │           ",
    "      1.0 ┼──────────────────╯           ",
    "           2000-01-01          2000-01-31",
  ]);
});

test("stays within the width", () => {
  const points = Array.from({ length: 500 }, (_, day) => ({ at: new Date(day * 86_400_000), value: day }));
  const widths = lineChart(points, 60)
    .split("\n")
    .map((line) => line.length);
  expect(Math.max(...widths)).toBeLessThanOrEqual(60);
});

test("draws nothing for no values, and a flat line for one", () => {
  expect(lineChart([], 40)).toBe("");
  expect(lineChart([at("2000-01-01", 5)], 40)).toContain("5.0");
});
