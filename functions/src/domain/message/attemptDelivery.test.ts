import { beforeEach, describe, expect, test } from "@jest/globals";
import { sampleTest } from "../../../test/channels/sampleMessages.ts";
import { emptyTables } from "../../../test/emptyTables.ts";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";
import {
  companyWithSeries,
  deliveriesIn,
  follow,
  insertChannel,
  insertFinding,
  insertUser,
} from "../../../test/subscribers.ts";
import { afterFailure, attemptDelivery, NotSentYetError, type SendContext } from "./attemptDelivery.ts";
import type { SendOptions } from "./channel.ts";
import { DeliveryError } from "./deliveryError.ts";
import type { Message } from "./message.ts";
import { openDeliveries } from "./openDeliveries.ts";
import { sweepDeliveries } from "./sweepDeliveries.ts";

const START = new Date("2025-03-03T08:00:00Z");
const db = openTestDatabase();

/** What the provider was given, and what it does; what happens before that. */
let sent: SendOptions[];
let provider: () => Promise<void>;
let preparation: () => Promise<void>;
let now: Date;
const context: SendContext = {
  db,
  clock: () => now,
  send: async (_channel, _message, options) => {
    await preparation();
    await options.beforeHandingOver();
    sent.push(options);
    await provider();
    return { providerId: "<1@parma.example>", notes: [] };
  },
};

let id: number;
let companyId: number;
beforeEach(async () => {
  await emptyTables(db, { restartsIds: true });
  const series = await companyWithSeries(db, "Personio");
  companyId = series.companyId;
  const user = await insertUser(db);
  await insertChannel(db, user);
  await follow(db, user, companyId);
  await openDeliveries(db, { companyId, findingIds: [await insertFinding(db, series)], now: START }, 0);
  const [opened] = await deliveriesIn(db);
  id = opened?.id ?? 0;
  sent = [];
  now = START;
  provider = async () => undefined;
  preparation = async () => undefined;
});

const attempt = (message: Message | undefined = sampleTest(), over: Partial<SendContext> = {}) =>
  attemptDelivery({ ...context, ...over }, id, async () => message);
const delivery = async () => (await deliveriesIn(db))[0];
const later = (seconds: number) => {
  now = new Date(now.getTime() + seconds * 1000);
};
const failing = (error: Error) => async () => {
  throw error;
};

test("it is sent once, however often its task comes", async () => {
  await attempt();
  await attempt();
  expect(sent).toHaveLength(1);
  expect(await delivery()).toMatchObject({ state: "SENT", provider_id: "<1@parma.example>", error: null });
});

test("it is sent once, however many tasks come at once", async () => {
  await Promise.allSettled(Array.from({ length: 6 }, () => attempt()));
  expect(sent).toHaveLength(1);
  expect(await delivery()).toMatchObject({ state: "SENT" });
});

test("one that is not due yet has to come again", async () => {
  await db.query("update pipeline.delivery set send_after = $1", [new Date(START.getTime() + 1)]);
  await expect(attempt()).rejects.toThrow(NotSentYetError);
  expect(sent).toEqual([]);
  later(1);
  await attempt();
  expect(sent).toHaveLength(1);
});

describe("what dies", () => {
  test("after it has sent and before it has recorded that is not sent again", async () => {
    const dying = {
      ...db,
      query: (text: string, values?: readonly unknown[]) =>
        text.includes("channel_status")
          ? Promise.reject(new Error("the process died"))
          : db.query(text, values),
    };
    await expect(attempt(sampleTest(), { db: dying })).rejects.toThrow("the process died");
    expect(await delivery()).toMatchObject({ state: "SENDING" });
    await attempt();
    await attempt();
    expect(sent).toHaveLength(1);
    expect(await delivery()).toMatchObject({
      state: "UNKNOWN",
      error: expect.stringContaining("may have been sent"),
    });
  });

  test("before it has sent is sent", async () => {
    const dead = attemptDelivery(context, id, () => Promise.reject(new Error("the process died")));
    await expect(dead).rejects.toThrow("the process died");
    await attempt();
    expect([sent.length, (await delivery())?.state]).toEqual([1, "SENT"]);
  });

  test("again and again is given up", async () => {
    const dying = () => attemptDelivery(context, id, () => Promise.reject(new Error("the process died")));
    for (let i = 0; i < 8; i += 1) await expect(dying()).rejects.toThrow("the process died");
    await dying();
    expect(await delivery()).toMatchObject({
      state: "FAILED",
      error: "Given up: 8 attempts ended without a result.",
    });
  });

  test("is told from what is slow to begin: the later attempt is the one that sends", async () => {
    preparation = async () => {
      preparation = async () => undefined;
      await attempt();
    };
    await attempt();
    expect(sent).toHaveLength(1);
    expect(await delivery()).toMatchObject({ state: "SENT", attempt: 2 });
  });

  test("is told from what is only slow: that one's result counts", async () => {
    provider = async () => {
      await attempt();
      expect(await delivery()).toMatchObject({ state: "UNKNOWN" });
    };
    await attempt();
    expect(sent).toHaveLength(1);
    expect(await delivery()).toMatchObject({ state: "SENT", error: null });
  });

  test("is given up by the sweeper, which finds what has no task", async () => {
    await db.query("update pipeline.delivery set state = 'SENDING', last_tried_at = $1", [START]);
    later(9 * 60);
    expect(await sweepDeliveries(db, now)).toEqual([]);
    expect(await delivery()).toMatchObject({ state: "SENDING" });
    later(2 * 60);
    await sweepDeliveries(db, now);
    expect(await delivery()).toMatchObject({ state: "UNKNOWN" });
    await db.query("update pipeline.delivery set state = 'PENDING'");
    expect((await sweepDeliveries(db, now)).map((overdue) => overdue.id)).toEqual([id]);
  });
});

describe("an error", () => {
  test("that may pass is tried again, when the provider says", async () => {
    provider = failing(new DeliveryError("passing", "Slack is full.", { retryAfterSeconds: 90 }));
    await expect(attempt()).rejects.toThrow("Slack is full.");
    expect(await delivery()).toMatchObject({
      state: "PENDING",
      error: "Slack is full.",
      send_after: new Date(START.getTime() + 90_000),
    });
    provider = async () => undefined;
    later(89);
    await expect(attempt()).rejects.toThrow("not due yet");
    later(1);
    await attempt();
    expect(await delivery()).toMatchObject({ state: "SENT", attempt: 2, error: null });
    expect(sent.map(({ deliveryId }) => deliveryId)).toEqual([`delivery-${id}`, `delivery-${id}`]);
  });

  test("that is final ends it, and is shown as the channel's last error", async () => {
    provider = failing(new DeliveryError("final", "The channel is archived."));
    await attempt();
    await attempt();
    expect(sent).toHaveLength(1);
    expect(await delivery()).toMatchObject({ state: "FAILED", error: "The channel is archived." });
    const { rows } = await db.query(
      "select last_error, last_error_at, last_sent_at from pipeline.channel_status",
    );
    expect(rows).toEqual([
      { last_error: "The channel is archived.", last_error_at: START, last_sent_at: null },
    ]);
  });

  test("that leaves it unclear whether it was sent ends it: it is not sent again", async () => {
    provider = failing(new DeliveryError("unclear", "No answer came."));
    await attempt();
    provider = async () => undefined;
    await attempt();
    later(24 * 3_600);
    expect(await sweepDeliveries(db, now)).toEqual([]);
    await attempt();
    expect(sent).toHaveLength(1);
    expect(await delivery()).toMatchObject({ state: "UNKNOWN", error: "No answer came." });
  });

  test("before anything was handed over leaves it as it was, final or not", async () => {
    preparation = failing(new DeliveryError("passing", "Slack is full."));
    await expect(attempt()).rejects.toThrow("Slack is full.");
    expect(await delivery()).toMatchObject({ state: "PENDING", error: "Slack is full." });
    preparation = failing(new DeliveryError("final", "The channel is archived."));
    later(30);
    await attempt();
    expect(await delivery()).toMatchObject({ state: "FAILED", error: "The channel is archived." });
    expect(sent).toEqual([]);
  });

  test("of a channel is gone with the next message that arrives", async () => {
    provider = failing(new DeliveryError("passing", "Slack is full."));
    await expect(attempt()).rejects.toThrow(NotSentYetError);
    provider = async () => undefined;
    later(30);
    await attempt();
    const { rows } = await db.query(
      "select last_error, last_error_at, last_sent_at from pipeline.channel_status",
    );
    expect(rows).toEqual([{ last_error: null, last_error_at: START, last_sent_at: now }]);
  });

  test("that does not pass ends it after some attempts, each later than the one before", () => {
    const error = new DeliveryError("passing", "No answer.");
    const waits = Array.from({ length: 8 }, (_, i) => {
      const outcome = afterFailure(error, i + 1, START);
      return outcome.state === "PENDING"
        ? (outcome.sendAfter.getTime() - START.getTime()) / 1000
        : outcome.state;
    });
    expect(waits).toEqual([30, 60, 120, 240, 480, 960, 1920, "FAILED"]);
  });

  test("of our own is tried again, and tells the user nothing internal", () => {
    expect(afterFailure(new TypeError("the password is hunter2"), 1, START)).toMatchObject({
      state: "PENDING",
      error: expect.not.stringContaining("hunter2"),
    });
  });
});

describe("what the user does while it waits is respected", () => {
  test.each([
    ["muting the company", 'insert into pipeline.mute select id, $1, null, now() from "user"', "muted"],
    ["unfollowing it", "delete from company_subscription where company_id = $1", "no longer follows"],
  ])("%s", async (_what, text, words) => {
    await db.query(text, [companyId]);
    await attempt();
    expect(await delivery()).toMatchObject({ state: "SUPPRESSED", error: expect.stringContaining(words) });
    expect(sent).toEqual([]);
  });

  test.each([
    [
      "pausing the channel",
      "insert into pipeline.channel_pause select id, null, now() from notification_channel",
      "paused",
    ],
    ["giving up the channel", "delete from notification_subscription", "no longer the user's"],
  ])("%s", async (_what, text, words) => {
    await db.query(text);
    await attempt();
    expect(await delivery()).toMatchObject({ state: "SUPPRESSED", error: expect.stringContaining(words) });
    expect(sent).toEqual([]);
  });

  test("nothing to say is not sent, and is no error of the channel", async () => {
    await attemptDelivery(context, id, async () => undefined);
    expect(await delivery()).toMatchObject({ state: "SUPPRESSED" });
    expect((await db.query("select from pipeline.channel_status")).rows).toEqual([]);
  });
});
