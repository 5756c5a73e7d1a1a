import { beforeEach, expect, test } from "@jest/globals";
import { emptyTables } from "../../functions/test/emptyTables.ts";
import { openTestDatabase } from "../../functions/test/openTestDatabase.ts";
import {
  companyWithSeries,
  insertChannel,
  insertFinding,
  insertUser,
} from "../../functions/test/subscribers.ts";
import { countDeliveries, readNews, undelivered } from "./told.ts";

const db = openTestDatabase();
beforeEach(() => emptyTables(db, { restartsIds: true }));

test("the most severe news comes first, then the largest change", async () => {
  const series = await companyWithSeries(db, "Acme");
  const why = { kind: "anomaly", why: "Because." };
  await insertFinding(db, series, { title: "small", severity: "low", facts: { ...why, changePercent: 31 } });
  await insertFinding(db, series, { title: "fell", severity: "low", facts: { ...why, changePercent: -40 } });
  await insertFinding(db, series, { title: "from nothing", severity: "low", facts: why });
  await insertFinding(db, series, { title: "grave", severity: "critical", facts: why });
  const news = await readNews(db);
  expect(news.map(({ title }) => title)).toEqual(["grave", "fell", "small", "from nothing"]);
  expect(news[0]).toMatchObject({ company: "Acme", measurement: "stars", severity: "critical" });
});

test("deliveries are counted by channel and state, including channels without any", async () => {
  const user = await insertUser(db);
  const channel = await insertChannel(db, user);
  for (const state of ["SENT", "SENT", "FAILED"]) {
    await db.query(
      `insert into pipeline.delivery (kind, channel_id, state, send_after, created_at)
       values ('TEST', $1, $2, now(), now())`,
      [channel, state],
    );
  }
  const counts = await countDeliveries(db);
  expect(counts).toEqual({ EMAIL: { FAILED: 1, SENT: 2 }, SLACK: {} });
  expect(undelivered(counts)).toEqual(["EMAIL: 1 FAILED", "SLACK: nothing arrived"]);
  expect(undelivered({ EMAIL: { SENT: 2 }, SLACK: { SENT: 1 } })).toEqual([]);
});
