import { beforeEach, expect, test } from "@jest/globals";
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
import { attemptDelivery, NotSentYetError } from "./attemptDelivery.ts";
import type { Send } from "./channel.ts";
import { DeliveryError } from "./deliveryError.ts";
import { openDeliveries } from "./openDeliveries.ts";

const START = new Date("2025-03-03T08:00:00Z");
const db = openTestDatabase();
beforeEach(() => emptyTables(db, { restartsIds: true }));

/** A Slack channel that takes one message a second, and is told to be full at the given ones. */
function slackChannel(fullAt: ReadonlyMap<number, number>, clock: () => Date) {
  const sent: string[] = [];
  let calls = 0;
  let openFrom = 0;
  const send: Send = async (_channel, _message, { deliveryId, beforeHandingOver }) => {
    await beforeHandingOver();
    calls += 1;
    const at = clock().getTime();
    const seconds = fullAt.get(calls) ?? (at < openFrom ? Math.ceil((openFrom - at) / 1000) : 0);
    if (seconds > 0) {
      openFrom = Math.max(openFrom, at + seconds * 1000);
      throw new DeliveryError("passing", "Slack is too busy.", { retryAfterSeconds: seconds });
    }
    openFrom = at + 1000;
    sent.push(deliveryId);
    return { providerId: null, notes: [] };
  };
  return { send, sent, calls: () => calls };
}

async function openSome(count: number): Promise<void> {
  const user = await insertUser(db);
  await insertChannel(db, user, { type: "SLACK", destination: "#deals", secretId: "a secret" });
  for (let number = 0; number < count; number += 1) {
    const series = await companyWithSeries(db, `Company ${number}`);
    await follow(db, user, series.companyId);
    const findingIds = [await insertFinding(db, series)];
    await openDeliveries(db, { companyId: series.companyId, findingIds, now: START }, 0);
  }
}

/** Runs what is due until nothing is left. @returns how long it took, in seconds */
async function deliverAll(send: Send, clock: { now: Date }): Promise<number> {
  for (;;) {
    const open = (await deliveriesIn(db)).filter(({ state }) => state === "PENDING");
    if (open.length === 0) return (clock.now.getTime() - START.getTime()) / 1000;
    const due = open.filter(({ send_after }) => send_after <= clock.now);
    for (const { id } of due) {
      await attemptDelivery({ db, send, clock: () => clock.now }, id, async () => sampleTest()).catch(
        (error: unknown) => {
          if (!(error instanceof NotSentYetError)) throw error;
        },
      );
    }
    const next = open
      .filter(({ send_after }) => send_after > clock.now)
      .map(({ send_after }) => send_after.getTime());
    clock.now = new Date(next.length > 0 ? Math.min(...next) : clock.now.getTime() + 1000);
  }
}

test("forty findings in one channel that takes one a second and says to wait: all are told, none twice, in order", async () => {
  await openSome(40);
  const clock = { now: START };
  const slack = slackChannel(new Map([[3, 30]]), () => clock.now);
  const seconds = await deliverAll(slack.send, clock);
  expect(new Set(slack.sent).size).toBe(40);
  expect(slack.sent).toHaveLength(40);
  expect(slack.sent).toEqual(slack.sent.toSorted((a, b) => a.localeCompare(b, "en", { numeric: true })));
  expect(seconds).toBeLessThan(90);
  // Whoever has to wait waits for its turn, and does not knock again and again.
  expect(slack.calls()).toBeLessThan(50);
  expect((await deliveriesIn(db)).map(({ state }) => state)).toEqual(Array(40).fill("SENT"));
});

test("a channel that says to wait more often than a delivery has attempts still gets it within the day", async () => {
  await openSome(5);
  const clock = { now: START };
  const slack = slackChannel(
    new Map(Array.from({ length: 60 }, (_, call) => [call + 1, 60])),
    () => clock.now,
  );
  await deliverAll(slack.send, clock);
  expect(new Set(slack.sent).size).toBe(5);
});
