import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { emptyTables } from "../../../test/emptyTables.ts";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";
import { recordedQueue } from "../../../test/recordedQueue.ts";
import { insertCompany } from "../../../test/rows.ts";
import {
  companyWithSeries,
  deliveriesIn,
  follow,
  insertChannel,
  insertFinding,
  insertPoints,
  insertSeries,
  insertUser,
  setLinkSettings,
  type TestSeries,
} from "../../../test/subscribers.ts";
import { openBlobStore } from "../../adapters/blobStore.ts";
import type { Channel } from "../../domain/message/channel.ts";
import { DeliveryError } from "../../domain/message/deliveryError.ts";
import type { Message, ReportMessage } from "../../domain/message/message.ts";
import { composeReport } from "./composeReport.ts";
import { changeSince } from "./keySeries.ts";
import { planReports } from "./planReports.ts";
import { type ReportContext, sendReport } from "./sendReport.ts";
import { weekOf, weekUntil } from "./week.ts";

const NOW = new Date("2025-03-03T08:00:00Z");
const WEEK = "2025-03-03";
const db = openTestDatabase();

let folder: string;
let unset: () => void;
beforeAll(async () => {
  unset = setLinkSettings();
  folder = await mkdtemp(join(tmpdir(), "parma-reports-"));
});
afterAll(async () => {
  unset();
  await rm(folder, { recursive: true });
});

let series: TestSeries;
let user: number;
let sent: { channel: Channel; message: Message }[];
let provider: (channel: Channel) => Promise<void>;
let now: Date;
beforeEach(async () => {
  await emptyTables(db, { restartsIds: true });
  series = await companyWithSeries(db, "Personio");
  user = await insertUser(db);
  await insertChannel(db, user);
  await follow(db, user, series.companyId);
  sent = [];
  provider = async () => undefined;
  now = NOW;
});

const context = (): ReportContext => ({
  db,
  clock: () => now,
  blobStore: openBlobStore(pathToFileURL(folder)),
  send: async (channel, message, { beforeHandingOver }) => {
    await beforeHandingOver();
    sent.push({ channel, message });
    await provider(channel);
    return { providerId: null, notes: [] };
  },
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
const titles = ({ companies }: ReportMessage) => companies.map(({ news }) => news.map(({ title }) => title));

describe("the week", () => {
  test.each([
    ["2025-03-03T00:00:00Z", "2025-03-03"],
    ["2025-03-03T08:00:00Z", "2025-03-03"],
    ["2025-03-09T23:59:59Z", "2025-03-03"],
    ["2025-03-10T00:00:00Z", "2025-03-10"],
    ["2026-01-01T12:00:00Z", "2025-12-29"],
  ])("of %s is that of %s", (at, monday) => {
    expect(weekOf(new Date(at))).toBe(monday);
  });

  test("has one task for each user who follows something and has a channel", async () => {
    const without = await insertUser(db, "Without a channel");
    await follow(db, without, series.companyId);
    await insertChannel(db, await insertUser(db, "Follows nothing"));
    const queue = recordedQueue();
    await planReports({ db, enqueue: queue.enqueue, now: NOW });
    await planReports({ db, enqueue: queue.enqueue, now: new Date("2025-03-09T12:00:00Z") });
    expect(queue.waiting("sendReport").map(({ payload }) => payload)).toEqual([{ userId: user, week: WEEK }]);
  });
});

describe("what a report says", () => {
  test("the news of the last seven days, of the followed companies, the most important first", async () => {
    const second = await companyWithSeries(db, "Alan");
    const stranger = await companyWithSeries(db, "Not followed");
    await follow(db, user, second.companyId);
    await follow(db, user, await insertCompany(db, "Quiet & Sons"));
    await insertFinding(db, series, { severity: "low", title: "Small" });
    await insertFinding(db, series, { severity: "high", title: "Large" });
    await insertFinding(db, series, { title: "Of last week", foundAt: "2025-02-24T08:00:00Z" });
    await insertFinding(db, second, { severity: "critical", title: "Largest" });
    await insertFinding(db, stranger, { severity: "critical", title: "Nobody's" });
    const report = await compose();
    expect(report.companies.map(({ company }) => company.name)).toEqual(["Alan", "Personio"]);
    expect(titles(report)).toEqual([["Largest"], ["Large", "Small"]]);
    expect(report.quietCompanies).toEqual(["Quiet & Sons"]);
    expect(report.period).toEqual({ from: new Date("2025-02-24T08:00:00Z"), to: NOW });
  });

  test("what several found in one point, once", async () => {
    const observedAt = "2025-03-02T00:00:00Z";
    await insertFinding(db, series, {
      observedAt,
      severity: "medium",
      title: "By the rule",
      detector: "rule:1",
    });
    await insertFinding(db, series, { observedAt, severity: "critical", title: "By the detector" });
    await insertFinding(db, series, { observedAt, severity: "low", title: "Of an item", itemKey: "repo" });
    expect(titles(await compose())).toEqual([["By the detector", "Of an item"]]);
  });

  test("the series of the news first, then those that changed most, with the change over the week", async () => {
    const { companyId, sourceId } = series;
    const other = (name: string, type = "float") => insertSeries(db, { companyId, sourceId }, { name, type });
    const [steady, falling, stale, zero] = [
      await other("steady"),
      await other("falling (USD)"),
      await other("stale"),
      await other("from nothing"),
    ];
    await insertPoints(db, series, [
      ["2025-02-20", 100],
      ["2025-02-23", 200],
      ["2025-03-02", 210],
    ]);
    for (const [one, values] of [
      [steady, [50, 50]],
      [falling, [-10, -15]],
      [zero, [0, 5]],
    ] as const) {
      await insertPoints(
        db,
        one,
        [
          ["2025-02-20", values[0]],
          ["2025-03-01", values[1]],
        ],
        { table: "float" },
      );
    }
    await insertPoints(
      db,
      stale,
      [
        ["2025-01-01", 1],
        ["2025-02-01", 900],
      ],
      { table: "float" },
    );
    await insertFinding(db, series);
    const [company] = (await compose()).companies;
    expect(
      company?.series.map(({ measurementName, change, latest }) => [measurementName, change, latest]),
    ).toEqual([
      ["stars", 5, 210],
      ["falling (USD)", -50, -15],
      ["steady", 0, 50],
      ["from nothing", null, 5],
    ]);
    expect(company?.series.map(({ unit }) => unit)).toEqual([undefined, "$", undefined, undefined]);
  });

  test("the change over the week of a series with a value every hour", async () => {
    const hours = Array.from({ length: 9 * 24 }, (_, hour) => new Date(NOW.getTime() - hour * 3_600_000));
    await db.query(
      `insert into measurement_int_value (company_measurement_id, value, "timestamp", raw_document_id, modified_at)
       select $1, 100 + hour, at, hour::text, now()
         from unnest($2::timestamp(3)[]) with ordinality as observed (at, hour)`,
      [series.companyMeasurementId, hours.toReversed()],
    );
    await insertFinding(db, series);
    const [company] = (await compose()).companies;
    // 316 now, 148 a week before.
    expect(company?.series).toMatchObject([{ latest: 316, change: expect.closeTo(113.5, 1) }]);
    // All of the week, and the one that it is compared with.
    expect(company?.series[0]?.points).toHaveLength(169);
  });

  test("nothing at all for who follows nothing", async () => {
    await db.query("delete from company_subscription");
    expect(
      await composeReport(db, { userId: user, userName: "Anna", period: weekUntil(NOW), toldUntil: null }),
    ).toBeUndefined();
  });
});

test("a change needs a value before, and one since", () => {
  const from = new Date("2025-02-24");
  const at = (day: string, value: number) => ({ at: new Date(day), value });
  expect(changeSince([], from)).toBeNull();
  expect(changeSince([at("2025-03-01", 5)], from)).toBeNull();
  expect(changeSince([at("2025-02-20", 5), at("2025-02-21", 6)], from)).toBeNull();
  expect(changeSince([at("2025-02-20", 0), at("2025-03-01", 6)], from)).toBeNull();
  expect(changeSince([at("2025-02-20", -4), at("2025-03-01", -6)], from)).toBe(-50);
});

describe("a report is sent", () => {
  const report = () => ({ userId: user, week: WEEK });

  test("once to each channel, whatever is delivered again, with its own link to end it", async () => {
    await insertChannel(db, user, { type: "SLACK" });
    await insertFinding(db, series);
    await sendReport(context(), report());
    await insertChannel(db, user);
    await Promise.allSettled([sendReport(context(), report()), sendReport(context(), report())]);
    now = new Date("2025-03-05T10:00:00Z");
    await sendReport(context(), report());
    expect(sent.map(({ channel }) => channel.type)).toEqual(["EMAIL", "SLACK"]);
    const links = sent.map(
      ({ message }) => "links" in message && "unsubscribe" in message.links && message.links.unsubscribe,
    );
    expect(new Set(links).size).toBe(2);
    expect(await deliveriesIn(db)).toMatchObject([{ state: "SENT" }, { state: "SENT" }]);
  });

  test("once to an address that the user has entered twice", async () => {
    for (let i = 0; i < 2; i += 1) await insertChannel(db, user, { destination: "anna@investor.example" });
    await insertFinding(db, series);
    await sendReport(context(), report());
    expect(sent).toHaveLength(2);
  });

  test("once, by tasks at once", async () => {
    await insertFinding(db, series);
    await Promise.allSettled(Array.from({ length: 4 }, () => sendReport(context(), report())));
    expect(sent).toHaveLength(1);
  });

  test("again to the channel that failed only, about the same period", async () => {
    await insertChannel(db, user, { type: "SLACK" });
    await insertFinding(db, series);
    provider = async ({ type }) => {
      if (type === "EMAIL") throw new DeliveryError("passing", "Busy.");
    };
    await expect(sendReport(context(), report())).rejects.toThrow("Busy.");
    provider = async () => undefined;
    now = new Date(NOW.getTime() + 3_600_000);
    await sendReport(context(), report());
    expect(sent.map(({ channel }) => channel.type)).toEqual(["EMAIL", "SLACK", "EMAIL"]);
    expect(sent.map(({ message }) => message.kind === "report" && message.period.to)).toEqual([
      NOW,
      NOW,
      NOW,
    ]);
  });

  test.each([
    ["later in the week", "2025-03-03T09:30:00Z", "2025-03-10T08:00:00Z"],
    ["earlier in the week", "2025-03-03T08:00:00Z", "2025-03-10T09:30:00Z"],
  ])(
    "that goes on where the one before ended, where that came %s than the next",
    async (_when, first, second) => {
      await insertFinding(db, series, { title: "Found in between", foundAt: "2025-03-03T08:30:00Z" });
      for (const [at, week] of [
        [first, WEEK],
        [second, "2025-03-10"],
      ] as const) {
        now = new Date(at);
        await sendReport(context(), { userId: user, week });
      }
      const told = sent.flatMap(({ message }) => (message.kind === "report" ? titles(message).flat() : []));
      expect(told).toEqual(["Found in between"]);
    },
  );

  test("and kept as a page that needs nothing beside it", async () => {
    await insertPoints(db, series, [
      ["2025-02-20", 100],
      ["2025-03-02", 210],
    ]);
    await insertFinding(db, series, { title: "Stars <doubled>" });
    await sendReport(context(), report());
    const page = await readFile(join(folder, `reports/users/${user}/${WEEK}.html`), "utf8");
    expect(page).toContain("Stars &lt;doubled&gt;");
    expect(page).toContain('src="data:image/png;base64,');
    expect(page).not.toContain("cid:");
    expect(page).not.toContain("/unsubscribe");
  });

  test("not to a paused channel, but to one whose user muted a company", async () => {
    const paused = await insertChannel(db, user);
    await db.query("insert into pipeline.channel_pause values ($1, null, now())", [paused]);
    await db.query("insert into pipeline.mute values ($1, $2, null, now())", [user, series.companyId]);
    await insertFinding(db, series);
    await sendReport(context(), report());
    expect((await deliveriesIn(db)).map(({ state }) => state)).toEqual(["SENT", "SUPPRESSED"]);
  });

  test("and leaves the web application's tables alone", async () => {
    await insertFinding(db, series);
    await sendReport(context(), report());
    const { rows } = await db.query(
      "select (select count(*) from report)::int as reports, (select count(*) from notification)::int as notifications",
    );
    expect(rows).toEqual([{ reports: 0, notifications: 0 }]);
  });
});
