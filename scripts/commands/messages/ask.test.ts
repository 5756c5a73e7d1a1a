import { beforeEach, expect, test } from "@jest/globals";
import type { EnqueueTasks } from "../../../functions/src/platform/taskQueue.ts";
import { emptyTables } from "../../../functions/test/emptyTables.ts";
import { openTestDatabase } from "../../../functions/test/openTestDatabase.ts";
import { insertChannel, insertUser } from "../../../functions/test/subscribers.ts";
import { askForReport } from "./askForReport.ts";
import { askForTestMessage } from "./askForTestMessage.ts";

const db = openTestDatabase();
let user: number;
let channel: number;
beforeEach(async () => {
  await emptyTables(db, { restartsIds: true });
  user = await insertUser(db);
  channel = await insertChannel(db, user);
});

const insertTest = (state: string, error: string | null) =>
  db.query(
    `insert into pipeline.delivery (kind, channel_id, state, error, send_after, created_at)
     values ('TEST', $1, $2, $3, now(), now())`,
    [channel, state, error],
  );

test("a test message's result is not mistaken for an earlier one's", async () => {
  await insertTest("SENT", null);
  const asked: unknown[] = [];
  const enqueue: EnqueueTasks = async (queue, tasks) => {
    asked.push([queue, tasks.map(({ payload }) => payload)]);
    await insertTest("FAILED", "The channel is archived.");
  };
  expect(await askForTestMessage({ db, enqueue }, channel)).toMatchObject({
    state: "FAILED",
    error: "The channel is archived.",
  });
  expect(asked).toEqual([["sendTestMessage", [{ channelId: channel }]]]);
});

test("an unknown channel and a function that does not answer are reported", async () => {
  const enqueue: EnqueueTasks = async () => undefined;
  await expect(askForTestMessage({ db, enqueue }, 999)).rejects.toThrow("There is no channel 999");
  await expect(askForTestMessage({ db, enqueue, patienceMs: 0 }, channel)).rejects.toThrow("did not answer");
});

test("a report is done once every channel has a result", async () => {
  const which = { userId: user, week: "2025-03-03" };
  await db.query(
    "insert into pipeline.report_run values ($1, $2, now(), now(), 'reports/users/1/2025-03-03.html')",
    [user, which.week],
  );
  await db.query(
    `insert into pipeline.delivery (kind, user_id, channel_id, week, send_after, created_at)
     values ('REPORT', $1, $2, $3, now(), now())`,
    [user, channel, which.week],
  );
  const nothing: EnqueueTasks = async () => undefined;
  await expect(askForReport({ db, enqueue: nothing, patienceMs: 0 }, which)).rejects.toThrow("no report yet");
  const sending: EnqueueTasks = async () => {
    await db.query("update pipeline.delivery set state = 'SENDING'");
    await db.query("update pipeline.delivery set state = 'SENT'");
  };
  expect(await askForReport({ db, enqueue: sending }, which)).toBe("reports/users/1/2025-03-03.html");
});
