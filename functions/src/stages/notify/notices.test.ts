import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { logger } from "firebase-functions/logger";
import { z } from "zod";
import { type MailServer, refusal, startMailServer } from "../../../test/channels/mailServer.ts";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";
import { recordedQueue } from "../../../test/recordedQueue.ts";
import { send as sendToChannel } from "../../adapters/channels/channels.ts";
import { attemptDelivery, NotSentYetError, type SendContext } from "../../domain/message/attemptDelivery.ts";
import { DeliveryError } from "../../domain/message/deliveryError.ts";
import { tellOperators } from "../../domain/message/tellOperators.ts";
import { selectRows } from "../../platform/postgres.ts";
import { composeNotice } from "./composeNotice.ts";
import { sweepMessages } from "./sweepMessages.ts";

const db = openTestDatabase();
const START = new Date("2024-05-15T12:00:00Z");
const NOTICE = {
  key: "source 5 down",
  subject: "github is\ndown",
  body: "It failed 5 times.\n\nIt is tried again <b>by itself</b>.",
};

const row = z.object({
  id: z.coerce.number(),
  state: z.string(),
  attempt: z.number(),
  sentAt: z.date().nullable(),
  error: z.string().nullable(),
});
const delivery = async () => {
  const [only, ...others] = await selectRows(
    db,
    row,
    "select * from pipeline.delivery where kind = 'NOTICE'",
  );
  if (only === undefined || others.length > 0) throw new Error("There is not one delivery");
  return only;
};

let mail: MailServer;
let refused: Error | undefined;
let now: Date;
beforeEach(async () => {
  refused = undefined;
  mail = await startMailServer({ onRcptTo: (_address, _session, done) => done(refused) });
  Object.assign(process.env, { SMTP_URL: mail.url, MAIL_FROM: "Parma <news@parma.example>" });
  now = START;
  await db.query("delete from pipeline.notice");
  await tellOperators(db, NOTICE, START);
});
afterEach(() => mail.stop());

const deliver = async (over: Partial<SendContext> = {}) => {
  const context = {
    db,
    send: sendToChannel,
    clock: () => now,
    operatorEmail: "ops@parma.example",
    ...over,
  };
  await attemptDelivery(context, (await delivery()).id, (due) => composeNotice(db, due));
};

test("the same thing is told once", async () => {
  expect(await tellOperators(db, NOTICE, now)).toEqual([]);
  expect(await tellOperators(db, { ...NOTICE, key: "source 5 up" }, now)).toMatchObject([
    { payload: { deliveryId: expect.any(Number) } },
  ]);
});

test("it is sent once, however often its task comes, in words that cannot be markup", async () => {
  await Promise.allSettled([deliver(), deliver(), deliver()]);
  await deliver();
  const received = await mail.received();
  expect(received).toHaveLength(1);
  expect(received[0]).toMatchObject({ subject: "github is down", to: [{ address: "ops@parma.example" }] });
  expect(received[0]?.text).toContain("It is tried again <b>by itself</b>.");
  expect(received[0]?.html).toContain("&lt;b&gt;by itself&lt;/b&gt;");
  expect(await delivery()).toMatchObject({ state: "SENT", error: null });
});

test("without an address it stays where it can be read", async () => {
  await deliver({ operatorEmail: undefined });
  await deliver();
  expect(mail.raw).toEqual([]);
  expect(await delivery()).toMatchObject({ state: "SUPPRESSED", error: "OPERATOR_EMAIL is not set" });
});

test("a failure that may pass is tried again when it is due", async () => {
  refused = refusal(451, "Try again later");
  await expect(deliver()).rejects.toThrow(NotSentYetError);
  await expect(deliver()).rejects.toThrow(/not due yet/);
  refused = undefined;
  now = new Date(START.getTime() + 60_000);
  await deliver();
  expect(await mail.received()).toHaveLength(1);
  expect(await delivery()).toMatchObject({ state: "SENT", attempt: 2, sentAt: now });
});

test("a final failure is an error of the log", async () => {
  const logged = jest.spyOn(logger, "write").mockImplementation(() => undefined);
  refused = refusal(550, "No such user");
  await deliver();
  expect(await delivery()).toMatchObject({ state: "FAILED", error: expect.stringContaining("No such user") });
  expect(logged.mock.calls).toContainEqual([
    expect.objectContaining({ severity: "ERROR", what: "The operators could not be told" }),
  ]);
  logged.mockRestore();
});

test("one that may be out is not sent again", async () => {
  await deliver({
    send: async (_channel, _message, { beforeHandingOver }) => {
      await beforeHandingOver();
      throw new DeliveryError("unclear", "It hung up.");
    },
  });
  await deliver();
  expect(mail.raw).toEqual([]);
  expect(await delivery()).toMatchObject({ state: "UNKNOWN", error: "It hung up." });
});

test("one whose task got lost is enqueued again, each round anew", async () => {
  const queue = recordedQueue();
  const sweepAt = (minutes: number) =>
    sweepMessages(
      { db, enqueue: queue.enqueue },
      { now: new Date(START.getTime() + minutes * 60_000), factor: 1 },
    );
  const { id: deliveryId } = await delivery();
  expect(await sweepAt(5)).toEqual({ deliveriesAgain: 0 });
  await sweepAt(6);
  await sweepAt(11);
  expect(queue.waiting("deliver").map(({ payload }) => payload)).toEqual([{ deliveryId }, { deliveryId }]);
  await deliver();
  expect(await sweepAt(16)).toEqual({ deliveriesAgain: 0 });
});

test("notices that wait where the release before kept them are moved, once", async () => {
  await db.query(
    `insert into pipeline.operator_notice (key, subject, body, created_at, send_after, state)
     values ('old', 'An old one', 'It waits.', $1, $1, 'PENDING'), ('gone', 'A sent one', 'It is out.', $1, $1, 'SENT')`,
    [START],
  );
  const move = async () => (await db.query("select pipeline.move_operator_notices() as moved")).rows;
  expect(await move()).toEqual([{ moved: 1 }]);
  expect(await move()).toEqual([{ moved: 0 }]);
  const { rows } = await db.query(
    `select notice.subject, delivery.state from pipeline.notice
       join pipeline.delivery on delivery.notice_id = notice.id where notice.key = 'old'`,
  );
  expect(rows).toEqual([{ subject: "An old one", state: "PENDING" }]);
});
