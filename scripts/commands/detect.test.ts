import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { UserError } from "../userError.ts";
import { detect } from "./detect.ts";

let folder: string;
let printed: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "detect-"));
  printed = "";
  jest.spyOn(console, "log").mockImplementation((text: unknown) => {
    printed += `${String(text)}\n`;
  });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await rm(folder, { recursive: true });
});

/** 30 days of about 100, except 900 on the last one. */
const days = Array.from({ length: 30 }, (_, i) => {
  const day = `2024-01-${String(i + 1).padStart(2, "0")}`;
  return `${day},${i === 29 ? 900 : 100 + ((i * 7) % 5)}`;
});
const csv = ["timestamp,value", ...days, ""].join("\n");

test("prints every score, a chart with the alert marked, and the alert's reason", async () => {
  const file = join(folder, "visits.csv");
  await writeFile(file, csv);
  await detect(file, { json: false });
  expect(printed).toContain("2024-01-29  101  0.0");
  expect(printed).toMatch(/2024-01-30 {2}900 {2}\d\.\d{6} {2}ALERT spike/);
  expect(printed).toMatch(/^ {41}▲$/m);
  expect(printed).toMatch(
    /30 points, 1 alert\n▲ 2024-01-30 {2}spike: 900 against an expected 9\d\.\d–10\d\.\d/,
  );
});

test("prints the same as JSON", async () => {
  const file = join(folder, "visits.csv");
  await writeFile(file, csv);
  await detect(file, { json: true });
  const point = z.object({ timestamp: z.string(), value: z.number(), score: z.number() });
  const output = z.object({ points: z.array(point), alerts: z.array(point) }).parse(JSON.parse(printed));
  expect(output.points).toHaveLength(30);
  expect(output.alerts.map(({ timestamp }) => timestamp)).toEqual(["2024-01-30"]);
});

test("writes scores under the same relative paths, row by row", async () => {
  await mkdir(join(folder, "in", "deep"), { recursive: true });
  await writeFile(join(folder, "in", "deep", "visits.csv"), csv);
  await detect(undefined, { json: false, dir: join(folder, "in"), out: join(folder, "out") });
  const lines = (await readFile(join(folder, "out", "deep", "visits.csv"), "utf8")).trim().split("\n");
  expect(lines[0]).toBe("timestamp,value,anomaly_score");
  expect(lines.slice(1).map((line) => line.slice(0, line.lastIndexOf(",")))).toEqual(days);
  expect(Number(lines.at(-1)?.split(",")[2])).toBeGreaterThan(0.999);
});

test("says what is wrong with its arguments or input", async () => {
  await writeFile(join(folder, "bad.csv"), "timestamp,value\n2024-01-01,much\n");
  await expect(detect(join(folder, "bad.csv"), { json: false })).rejects.toThrow(/bad\.csv: line 2: "much"/);
  await expect(detect(undefined, { json: false })).rejects.toThrow(UserError);
  await expect(detect("a.csv", { json: false, dir: folder, out: folder })).rejects.toThrow(UserError);
  await expect(detect(undefined, { json: false, dir: join(folder, "none"), out: folder })).rejects.toThrow(
    /none/,
  );
});
