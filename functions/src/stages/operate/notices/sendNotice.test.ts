import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { logger } from "firebase-functions/logger";
import { type MailServer, refusal, startMailServer } from "../../../../test/channels/mailServer.ts";
import { openTestDatabase } from "../../../../test/openTestDatabase.ts";
import { recordedQueue } from "../../../../test/recordedQueue.ts";
import { sendEmail } from "../../../adapters/channels/email/sendEmail.ts";
import { NotSentYetError } from "../../../domain/message/attemptDelivery.ts";
import { DeliveryError } from "../../../domain/message/deliveryError.ts";
import { tellOperators } from "../../../domain/message/tellOperators.ts";
import { type SendNoticeContext, sendNotice } from "./sendNotice.ts";
import { sweepNotices } from "./sweepNotices.ts";

const db = openTestDatabase();
const START = new Date("2024-05-15T12:00:00Z");
const NOTICE = {
  key: "source 5 down",
  subject: "github is\ndown",
  body: "It failed 5 times.\n\nIt is tried again <b>by itself</b>.",
};

let mail: MailServer;
let refused: Error | undefined;
let now: Date;
let id: number;
beforeEach(async () => {
  refused = undefined;
  mail = await startMailServer({ onRcptTo: (_address, _session, done) => done(refused) });
  now = START;
  await db.query("truncate pipeline.operator_notice restart identity");
  await tellOperators(db, NOTICE, START);
  id = 1;
});
afterEach(() => mail.stop());

const send = (over: Partial<SendNoticeContext> = {}) =>
  sendNotice(
    {
      db,
      mail: { to: "ops@parma.example", from: "Parma <news@parma.example>", transportUrl: mail.url },
      send: sendEmail,
      clock: () => now,
      ...over,
    },
    id,
  );
const notice = async () =>
  (await db.query("select state, attempt, sent_at, error from pipeline.operator_notice")).rows[0];
const failing = (error: Error) => async () => {
  throw error;
};

test("the same thing is told once", async () => {
  expect(await tellOperators(db, NOTICE, now)).toEqual([]);
  expect(await tellOperators(db, { ...NOTICE, key: "source 5 up" }, now)).toMatchObject([
    { payload: { noticeId: expect.any(Number) } },
  ]);
});

test("it is sent once, however often its task comes, in words that cannot be markup", async () => {
  await Promise.allSettled([send(), send(), send()]);
  await send();
  const received = await mail.received();
  expect(received).toHaveLength(1);
  expect(received[0]).toMatchObject({ subject: "github is down", to: [{ address: "ops@parma.example" }] });
  expect(received[0]?.text).toContain("It is tried again <b>by itself</b>.");
  expect(received[0]?.html).toContain("&lt;b&gt;by itself&lt;/b&gt;");
  expect(await notice()).toMatchObject({ attempt: 1, error: null });
});

test("where nobody is to get it, it stays as it is to be read", async () => {
  await send({ mail: undefined });
  await send();
  expect(mail.raw).toEqual([]);
  expect(await notice()).toMatchObject({ state: "SUPPRESSED" });
});

test("a failure that may pass is tried again when it is due", async () => {
  refused = refusal(451, "Try again later");
  await expect(send()).rejects.toThrow(NotSentYetError);
  await expect(send()).rejects.toThrow(/not due yet/);
  refused = undefined;
  now = new Date(START.getTime() + 60_000);
  await send();
  expect(await mail.received()).toHaveLength(1);
  expect(await notice()).toMatchObject({ state: "SENT", attempt: 2, sent_at: now });
});

test("a final failure is an error of the log", async () => {
  const logged = jest.spyOn(logger, "write").mockImplementation(() => undefined);
  refused = refusal(550, "No such user");
  await send();
  expect(await notice()).toMatchObject({ state: "FAILED", error: expect.stringContaining("No such user") });
  expect(logged.mock.calls).toMatchObject([[{ severity: "ERROR", what: "The operators could not be told" }]]);
  logged.mockRestore();
});

test("one that may be out is not sent again", async () => {
  await send({ send: failing(new DeliveryError("unclear", "It hung up.")) });
  await send();
  expect(mail.raw).toEqual([]);
  expect(await notice()).toMatchObject({ state: "UNKNOWN", error: "It hung up." });
});

test("one whose process died is not sent again; had it only been slow, its word counts", async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<string>();
  const slow = send({
    send: async () => {
      asked.resolve();
      return answer.promise;
    },
  });
  await asked.promise;
  await send();
  expect(await notice()).toMatchObject({ state: "UNKNOWN" });
  answer.resolve("<1@parma.example>");
  await slow;
  expect(mail.raw).toEqual([]);
  expect(await notice()).toMatchObject({ state: "SENT", error: null });
});

test("one whose task got lost is enqueued again, each round anew", async () => {
  const queue = recordedQueue();
  const sweepAt = (minutes: number) =>
    sweepNotices(
      { db, enqueue: queue.enqueue },
      { now: new Date(START.getTime() + minutes * 60_000), factor: 1 },
    );
  expect(await sweepAt(5)).toEqual({ noticesAgain: 0 });
  await sweepAt(6);
  await sweepAt(11);
  expect(queue.waiting("sendOperatorNotice").map(({ payload }) => payload)).toEqual([
    { noticeId: 1 },
    { noticeId: 1 },
  ]);
  await send();
  expect(await sweepAt(16)).toEqual({ noticesAgain: 0 });
});
