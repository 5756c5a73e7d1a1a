import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { projectDir } from "../../paths.ts";
import type { SoakCompany, SoakSource } from "./soakInput.ts";

const folder = join(projectDir, "node_modules", "vega-datasets", "data");

const SYMBOL = "symbol";
const INDUSTRY = "industry";

/** Real monthly share prices, from 2000 on: of so many companies, over so many months. */
export function shares(companies: number, months: number): SoakSource {
  const [header = "", ...lines] = readFileSync(join(folder, "stocks.csv"), "utf8").trim().split("\n");
  const bySymbol = Map.groupBy(lines, (line) => line.split(",")[0] ?? "");
  return {
    name: "shares",
    origin: {
      kind: "history",
      file: "shares.csv",
      header,
      params: {
        file: "shares.csv",
        companyColumn: SYMBOL,
        dateColumn: "date",
        measurements: { price: { name: "share price", type: "float" } },
      },
    },
    companies: companiesOf(bySymbol, companies, months),
    isMapped: true,
    rule: { measurement: "share price", name: "Share price moved by 20 %", thresholdPercent: 20 },
  };
}

const unemployment = z.array(
  z.object({ series: z.string(), date: z.string(), count: z.number(), rate: z.number() }),
);

/** How many people of an industry were without work in the United States, from 2000 on. */
export function jobless(companies: number, months: number): SoakSource {
  const file = readFileSync(join(folder, "unemployment-across-industries.json"), "utf8");
  const lines = unemployment
    .parse(JSON.parse(file))
    .map(({ series, date, count, rate }) => `${series.replaceAll(",", " ")},${date},${count},${rate}`);
  const byIndustry = Map.groupBy(lines, (line) => line.split(",")[0] ?? "");
  return {
    name: "jobless",
    origin: {
      kind: "history",
      file: "jobless.csv",
      header: `${INDUSTRY},date,people,rate`,
      params: { file: "jobless.csv", companyColumn: INDUSTRY, dateColumn: "date" },
    },
    companies: companiesOf(byIndustry, companies, months),
    isMapped: true,
    rule: { measurement: "people", name: "The number of jobless people moved by 25 %", thresholdPercent: 25 },
  };
}

function companiesOf(
  lines: ReadonlyMap<string, readonly string[]>,
  companies: number,
  months: number,
): SoakCompany[] {
  return [...lines].slice(0, companies).map(([value, own]) => ({
    name: value,
    property: "key",
    value,
    documents: own.slice(0, months).map((text) => ({ text, observedAt: text.split(",")[1] ?? "" })),
  }));
}
