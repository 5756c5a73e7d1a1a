import { beforeEach, describe, expect, test } from "@jest/globals";
import { emptyTables } from "../../../test/emptyTables.ts";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";
import {
  companyWithSeries,
  deliveriesIn,
  follow,
  insertChannel,
  insertFinding,
  insertUser,
  type TestSeries,
} from "../../../test/subscribers.ts";
import { openDeliveries } from "./openDeliveries.ts";

const NOW = new Date("2025-03-03T08:00:00Z");
const WINDOW = 300;
const db = openTestDatabase();

let series: TestSeries;
let user: number;
let channel: number;
beforeEach(async () => {
  await emptyTables(db, { restartsIds: true });
  series = await companyWithSeries(db, "Personio");
  user = await insertUser(db);
  channel = await insertChannel(db, user);
  await follow(db, user, series.companyId);
});

const open = (findingIds: number[], now = NOW) =>
  db.transaction((connection) =>
    openDeliveries(connection, { companyId: series.companyId, findingIds, now }, WINDOW),
  );

describe("who gets a finding", () => {
  test("every channel of every follower, whichever purpose it was registered for", async () => {
    const other = await insertUser(db, "Ben");
    const [slack, email] = [
      await insertChannel(db, other, { type: "SLACK", purpose: "NOTIFICATION" }),
      await insertChannel(db, other, { purpose: "REPORT" }),
    ];
    await follow(db, other, series.companyId);
    await insertChannel(db, await insertUser(db, "A stranger"));
    const tasks = await open([await insertFinding(db, series)]);
    expect((await deliveriesIn(db)).map(({ user_id, channel_id }) => [user_id, channel_id])).toEqual([
      [user, channel],
      [other, slack],
      [other, email],
    ]);
    expect(tasks.map(({ payload, scheduleDelaySeconds }) => [payload, scheduleDelaySeconds])).toEqual(
      [1, 2, 3].map((deliveryId) => [{ deliveryId }, WINDOW + 1]),
    );
  });

  test("of a user's addresses that were entered twice the newest", async () => {
    const settings = [
      ["EMAIL", "Anna@Investor.example "],
      ["EMAIL", "anna@investor.example"],
      ["SLACK", "anna@investor.example"],
    ] as const;
    const channels: number[] = [];
    for (const [type, destination] of settings) {
      channels.push(await insertChannel(db, user, { type, destination }));
    }
    const colleague = await insertUser(db, "Ben");
    await follow(db, colleague, series.companyId);
    const theirs = await insertChannel(db, colleague, { destination: "anna@investor.example" });
    await open([await insertFinding(db, series)]);
    expect((await deliveriesIn(db)).map(({ channel_id }) => channel_id)).toEqual([
      channel,
      ...channels.slice(1),
      theirs,
    ]);
  });

  test("a Slack channel that was entered again, once a message got through by it", async () => {
    const before = await insertChannel(db, user, { type: "SLACK", destination: "#deals" });
    const again = await insertChannel(db, user, { type: "SLACK", destination: "deals" });
    const told = async () => {
      await open([await insertFinding(db, series)]);
      const pending = (await deliveriesIn(db)).filter(({ state }) => state === "PENDING");
      await db.query("update pipeline.delivery set state = 'SENDING' where state = 'PENDING'");
      return pending.map(({ channel_id }) => channel_id);
    };
    const all = [channel, before, again];
    expect(await told()).toEqual(all);
    await db.query("update pipeline.delivery set state = 'FAILED' where channel_id = $1", [again]);
    expect(await told()).toEqual(all);
    await db.query("update pipeline.delivery set state = 'SENT' where state = 'SENDING'");
    expect(await told()).toEqual([channel, again]);
  });

  test.each([
    ["muted for good", "insert into pipeline.mute values ($1, $2, null, now())", 0],
    ["muted until later", "insert into pipeline.mute values ($1, $2, '2025-03-04', now())", 0],
    ["muted until before", "insert into pipeline.mute values ($1, $2, '2025-03-01', now())", 1],
  ])("who has the company %s", async (_what, mute, expected) => {
    await db.query(mute, [user, series.companyId]);
    await open([await insertFinding(db, series)]);
    expect(await deliveriesIn(db)).toHaveLength(expected);
  });

  test.each([
    ["paused for good", "insert into pipeline.channel_pause values ($1, null, now())", 0],
    ["paused until before", "insert into pipeline.channel_pause values ($1, '2025-03-01', now())", 1],
  ])("a channel that is %s", async (_what, pause, expected) => {
    await db.query(pause, [channel]);
    await open([await insertFinding(db, series)]);
    expect(await deliveriesIn(db)).toHaveLength(expected);
  });
});

describe("grouping", () => {
  test("findings within the window are one delivery, and its task is the same", async () => {
    const [first, second, third] = [
      await insertFinding(db, series),
      await insertFinding(db, series),
      await insertFinding(db, series),
    ];
    const tasks = await open([first, second]);
    const later = await open([third], new Date(NOW.getTime() + 60_000));
    expect((await deliveriesIn(db)).map(({ findings }) => findings)).toEqual([[first, second, third]]);
    expect(later[0]?.id).toBe(tasks[0]?.id);
    expect(later[0]?.scheduleDelaySeconds).toBe(WINDOW - 60 + 1);
  });

  test("what was tried already takes no more findings", async () => {
    await open([await insertFinding(db, series)]);
    await db.query("update pipeline.delivery set attempt = 1");
    const late = await insertFinding(db, series);
    await open([late]);
    expect((await deliveriesIn(db)).map(({ findings }) => findings.includes(late))).toEqual([false, true]);
  });

  test("findings that are written at once become one delivery", async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, () => insertFinding(db, series)));
    await Promise.all(ids.map((id) => open([id])));
    const deliveries = await deliveriesIn(db);
    expect(deliveries.flatMap(({ findings }) => findings)).toEqual(ids.toSorted((a, b) => a - b));
    expect(deliveries).toHaveLength(1);
  });
});

describe("a finding goes once to a channel of a user", () => {
  test("opening again changes nothing, while it waits and after it was sent", async () => {
    const id = await insertFinding(db, series);
    await open([id]);
    await open([id, id]);
    await db.query("update pipeline.delivery set state = 'SENT'");
    expect(await open([id])).toEqual([]);
    expect((await deliveriesIn(db)).map(({ findings }) => findings)).toEqual([[id]]);
  });

  test("what fails with its transaction was never opened", async () => {
    const id = await insertFinding(db, series);
    const failing = db.transaction(async (connection) => {
      await openDeliveries(connection, { companyId: series.companyId, findingIds: [id], now: NOW }, WINDOW);
      throw new Error("the analysis failed");
    });
    await expect(failing).rejects.toThrow("the analysis failed");
    expect(await deliveriesIn(db)).toEqual([]);
  });
});

test("it is one statement, whatever the number of findings and channels", async () => {
  for (let i = 0; i < 5; i += 1) await insertChannel(db, user);
  const ids = await Promise.all(Array.from({ length: 20 }, () => insertFinding(db, series)));
  let statements = 0;
  const counting = {
    query: (text: string, values?: readonly unknown[]) => {
      statements += 1;
      return db.query(text, values);
    },
  };
  await openDeliveries(counting, { companyId: series.companyId, findingIds: ids, now: NOW }, WINDOW);
  expect([statements, (await deliveriesIn(db)).length]).toEqual([1, 6]);
});
