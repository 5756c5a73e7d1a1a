import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { z } from "zod";
import { startMailServer } from "../../../test/channels/mailServer.ts";
import { databaseUrl, testServer } from "../../../test/database.ts";
import { emptyTables } from "../../../test/emptyTables.ts";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";
import { STAND_IN_TOKEN, startSlackStandIn } from "../../../test/standins/slack.ts";
import {
  companyWithSeries,
  deliveriesIn,
  follow,
  insertChannel,
  insertFinding,
  insertUser,
  setLinkSettings,
} from "../../../test/subscribers.ts";
import { send } from "../../adapters/channels/channels.ts";
import { attemptDelivery } from "../../domain/message/attemptDelivery.ts";
import { openDeliveries } from "../../domain/message/openDeliveries.ts";
import { sweepDeliveries } from "../../domain/message/sweepDeliveries.ts";
import { selectRows } from "../../platform/postgres.ts";
import { composeAlert } from "./composeAlert.ts";

/** A process is killed (SIGKILL) while a provider holds back its answer. */

const PROGRAM = fileURLToPath(new URL("../../../test/channels/deliverAlert.ts", import.meta.url));
const db = openTestDatabase();

let folder: string;
let unset: () => void;
beforeAll(async () => {
  unset = setLinkSettings();
  folder = await mkdtemp(join(tmpdir(), "parma-killed-"));
  const secrets = join(folder, "secrets.json");
  await writeFile(
    secrets,
    JSON.stringify({ "parma-analytics-notification-channel-key-good": STAND_IN_TOKEN }),
  );
  Object.assign(process.env, { MAIL_FROM: "Parma <news@parma.example>", LOCAL_SECRETS_FILE: secrets });
});
afterAll(async () => {
  unset();
  for (const name of ["SMTP_URL", "MAIL_FROM", "SLACK_API_URL", "LOCAL_SECRETS_FILE"])
    delete process.env[name];
  await rm(folder, { recursive: true });
});

let stopProvider: () => Promise<void>;
afterEach(() => stopProvider());

let user: number;
let companyId: number;
let findingId: number;
beforeEach(async () => {
  await emptyTables(db, { restartsIds: true });
  const series = await companyWithSeries(db, "Personio");
  companyId = series.companyId;
  findingId = await insertFinding(db, series);
  user = await insertUser(db);
  await follow(db, user, companyId);
});

/** Has a process send the delivery; it is killed once `isTime`. */
async function sendAndDie(isTime: Promise<void>): Promise<void> {
  await openDeliveries(db, { companyId, findingIds: [findingId], now: new Date() }, 0);
  const [row] = await selectRows(db, z.object({ name: z.string() }), "select current_database() as name");
  const child = spawn(process.execPath, [PROGRAM, "1"], {
    env: { ...process.env, DATABASE_URL: databaseUrl(testServer().serverUrl, row?.name ?? "") },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ended = once(child, "exit");
  await Promise.race([isTime, ended]);
  child.kill("SIGKILL");
  expect(await ended).toEqual([null, "SIGKILL"]);
}

/** What comes after a death: the queue brings the delivery again, and so does the sweeper. */
async function goOn(): Promise<void> {
  // The channel's next turn comes a second after the one that the dead process took.
  const context = { db, send, clock: () => new Date(Date.now() + 2_000) };
  const deliver = () => attemptDelivery(context, 1, (delivery, at) => composeAlert(db, delivery, at));
  await deliver();
  const tomorrow = new Date(Date.now() + 86_400_000);
  expect(await sweepDeliveries(db, tomorrow)).toEqual([]);
  await deliver();
}

/** A Slack that does nothing at a call, or all that is asked of it, and never answers. */
async function silentSlack(method: string, isWorkDone: boolean) {
  const { promise: isAsked, resolve } = Promise.withResolvers<void>();
  const slack = await startSlackStandIn({ onCall: (call) => call === method && resolve() });
  stopProvider = slack.stop;
  slack.trouble(method, { kind: "hang", ...(isWorkDone ? { isWorkDone } : {}) });
  process.env["SLACK_API_URL"] = slack.apiUrl;
  await insertChannel(db, user, {
    type: "SLACK",
    destination: "#portfolio-news",
    secretId: "parma-analytics-notification-channel-key-good",
  });
  return { slack, isAsked };
}

test("after Slack took the message and before that was recorded: it is not sent again", async () => {
  const { slack, isAsked } = await silentSlack("chat.postMessage", true);
  await sendAndDie(isAsked);
  expect(await deliveriesIn(db)).toMatchObject([{ state: "SENDING" }]);
  await goOn();
  expect(slack.messages()).toHaveLength(1);
  expect(await deliveriesIn(db)).toMatchObject([{ state: "UNKNOWN", attempt: 1 }]);
});

test("before Slack was given the message: it is sent, once", async () => {
  const { slack, isAsked } = await silentSlack("conversations.list", false);
  await sendAndDie(isAsked);
  expect(await deliveriesIn(db)).toMatchObject([{ state: "PENDING" }]);
  await goOn();
  expect(slack.messages()).toHaveLength(1);
  expect(await deliveriesIn(db)).toMatchObject([{ state: "SENT", attempt: 2 }]);
});

test("after the mail server took the message and before it said so: it is not sent again", async () => {
  const { promise: isTaken, resolve } = Promise.withResolvers<void>();
  const isSilent = () => {
    resolve();
    return true;
  };
  const mail = await startMailServer({ isSilent });
  stopProvider = mail.stop;
  process.env["SMTP_URL"] = mail.url;
  await insertChannel(db, user);
  await sendAndDie(isTaken);
  await goOn();
  expect(mail.raw).toHaveLength(1);
  expect(await deliveriesIn(db)).toMatchObject([{ state: "UNKNOWN", attempt: 1 }]);
});
