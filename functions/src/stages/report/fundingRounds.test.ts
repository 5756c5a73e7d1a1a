import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { emptyTables } from "../../../test/emptyTables.ts";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";
import {
  companyWithSeries,
  follow,
  insertFinding,
  insertPoints,
  insertSeries,
  insertUser,
  setLinkSettings,
  type TestSeries,
} from "../../../test/subscribers.ts";
import type { ReportMessage } from "../../domain/message/message.ts";
import { composeReport } from "./composeReport.ts";
import { weekUntil } from "./week.ts";

const NOW = new Date("2025-03-03T08:00:00Z");
const db = openTestDatabase();

let unset: () => void;
beforeAll(() => {
  unset = setLinkSettings();
});
afterAll(() => unset());

let series: TestSeries;
let user: number;
beforeEach(async () => {
  await emptyTables(db, { restartsIds: true });
  series = await companyWithSeries(db, "Personio");
  user = await insertUser(db);
  await follow(db, user, series.companyId);
});

const compose = async (): Promise<ReportMessage> => {
  const report = await composeReport(db, {
    userId: user,
    userName: "Anna",
    period: weekUntil(NOW),
    toldUntil: null,
  });
  if (report === undefined) throw new Error("There is no report");
  return report;
};

describe("funding rounds", () => {
  const item = "series-b--1";
  let source: { companyId: number; sourceId: number };
  let title: TestSeries;
  beforeEach(async () => {
    source = series;
    title = await insertSeries(db, source, { name: "funding round title", type: "text" });
  });
  const field = async (name: string, type: string, value: string | number | Date, itemKey = item) => {
    const one = await insertSeries(db, source, { name, type });
    await insertPoints(db, one, [["2025-03-01", value]], { table: type, itemKey });
    return one;
  };

  test("are told with their details, and not by their news again", async () => {
    await insertPoints(db, title, [["2025-01-01", "Series A"]], { table: "text", itemKey: "series-a" });
    await insertPoints(db, title, [["2025-03-01", "Series A"]], { table: "text", itemKey: "series-a" });
    await insertPoints(db, title, [["2025-03-01", "Series B"]], { table: "text", itemKey: item });
    const raised = await field("funding round money raised (USD)", "int", 40_000_000);
    await field("funding round announced on", "date", new Date("2025-02-27"));
    await field("funding round investor name", "text", "Northzone", `${item}/northzone`);
    await field("funding round investor name", "text", "Index Ventures", `${item}/index`);
    await insertFinding(db, raised, { itemKey: item, title: "Money raised" });
    const report = await compose();
    expect(report.companies.map(({ fundingRounds, news }) => ({ fundingRounds, news }))).toEqual([
      {
        fundingRounds: [
          {
            title: "Series B",
            amount: "$40M",
            date: new Date("2025-02-27"),
            investors: ["Index Ventures", "Northzone"],
          },
        ],
        news: [],
      },
    ]);
  });

  test("of a company that is mined for the first time are told only where they are recent", async () => {
    await insertPoints(db, title, [["2025-03-01", "Seed"]], { table: "text", itemKey: "seed" });
    await insertPoints(db, title, [["2025-03-01", "Series B"]], { table: "text", itemKey: item });
    const announced = await insertSeries(db, source, { name: "funding round announced on", type: "date" });
    await insertPoints(db, announced, [["2025-03-01", new Date("2015-05-05")]], {
      table: "date",
      itemKey: "seed",
    });
    await insertPoints(db, announced, [["2025-03-01", new Date("2025-02-20")]], {
      table: "date",
      itemKey: item,
    });
    const report = await compose();
    expect(
      report.companies.flatMap(({ fundingRounds }) => fundingRounds.map((round) => round.title)),
    ).toEqual(["Series B"]);
  });
});
