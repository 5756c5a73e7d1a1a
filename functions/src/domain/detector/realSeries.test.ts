import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { advance } from "./detector.ts";
import { parseSeriesCsv } from "./seriesCsv.ts";
import { start } from "./state.ts";

const file = join(__dirname, "fixtures", "traffic-speed.csv");

test("finds both labelled anomalies of a real series, with few alerts besides", () => {
  const state = start();
  const alerts = parseSeriesCsv(readFileSync(file, "utf8"))
    .filter((point) => advance(state, point).alert)
    .map(({ timestampText }) => timestampText);
  const within = (from: string, to: string) => alerts.filter((at) => at >= from && at <= to).length;
  expect(within("2015-09-16 00:44:00", "2015-09-16 13:14:00")).toBe(1);
  expect(within("2015-09-17 00:30:00", "2015-09-17 13:30:00")).toBe(1);
  expect(alerts.length).toBeLessThanOrEqual(5);
});

test.each([
  ["time,value\n2024-01-01,1\n", "timestamp and value"],
  ["timestamp,value\n2024-01-01,1\nyesterday,2\n", 'line 3: "yesterday" is no ISO 8601'],
  ["timestamp,value\n2024-01-01,\n", 'line 2: "" is no number'],
  ["timestamp,value\n2024-01-01,1,2\n", "line 2"],
])("says what is wrong with %j", (text, problem) => {
  expect(() => parseSeriesCsv(text)).toThrow(problem);
});
