import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { storeMap } from "../../src/domain/normalizationMap/mapStore.ts";
import { ensureMeasurements } from "../../src/domain/normalizationMap/measurements.ts";
import { selectRow, selectRows } from "../../src/platform/postgres.ts";
import { insertCompany, insertSource, insertTask } from "../rows.ts";
import { follow, insertChannel, insertUser } from "../subscribers.ts";
import { call, tokenFor } from "./calls.ts";
import { eventually, runningStack } from "./runningStack.ts";

jest.setTimeout(180_000);

const NAME = "alerts-test";
const EMAIL = "anna@alerts.example";
const SLACK_CHANNEL = { id: "C0000000003", name: "deals" };

let stack: Awaited<ReturnType<typeof runningStack>>;
let source: number;
let company: number;
let task: number;
let token: string;

beforeAll(async () => {
  stack = await runningStack();
  const { db } = stack;
  source = await insertSource(db, { name: NAME, isActive: false });
  company = await insertCompany(db, "Alerted");
  const map = {
    Source: NAME,
    Mappings: [{ SourceField: "stars", DataType: "int", MeasurementName: "stars" } as const],
  };
  const now = new Date();
  await storeMap(
    stack.firestore,
    { id: source, name: NAME },
    await ensureMeasurements(db, source, map, now),
    now,
  );
  await db.query(
    `insert into notification_rules (rule_name, source_measurement_id, threshold, notification_message, modified_at)
     select 'Stars moved', id, 10, 'Look at the stars.', now() from source_measurement where source_module_id = $1`,
    [source],
  );
  const user = await insertUser(db);
  await follow(db, user, company);
  await insertChannel(db, user, { type: "EMAIL", destination: EMAIL });
  await insertChannel(db, user, {
    type: "SLACK",
    destination: SLACK_CHANNEL.name,
    secretId: stack.slackSecretId,
  });
  task = await insertTask(db, source, { status: "PROCESSING", attempts: 1, startedAt: now });
  await db.query("insert into pipeline.mining_call (task_id, company_id, state) values ($1, $2, 'RUNNING')", [
    task,
    company,
  ]);
  token = await tokenFor({ sourceId: source, taskId: task, companyId: company, attempt: 1 });
});

afterAll(async () => {
  await stack.db.query("delete from news where data_source_id = $1", [source]);
  await stack.db.query("delete from data_source where id = $1", [source]);
  await stack.close();
});

const fed = z.object({ document_id: z.string() });
const analysisRow = z.object({ state: z.string(), findingCount: z.number() });

/** Feeds as a module does, and waits until what was fed is analyzed. */
async function feed(stars: number, observedAt: string) {
  const body = {
    source_name: NAME,
    company_id: String(company),
    raw_data: { stars },
    observed_at: observedAt,
  };
  const { status, answer } = await call(stack.baseUrl, { path: "/feed-raw-data", body, token });
  expect([status, answer]).toEqual([201, answer]);
  const { document_id } = fed.parse(answer);
  return eventually(`${document_id} is analyzed`, () =>
    selectRow(
      stack.db,
      analysisRow,
      "select state::text, finding_count from pipeline.analysis where raw_document_id = $1",
      [document_id],
    ),
  );
}

const deliveryRow = z.object({ channel: z.string(), state: z.string() });

/** The deliveries about the company, once all of them are final and there are so many. */
function deliveries(count: number) {
  return eventually(`${count} deliveries are final`, async () => {
    const found = await selectRows(
      stack.db,
      deliveryRow,
      `select channel.channel_type as channel, delivery.state::text
         from pipeline.delivery join notification_channel channel on channel.id = delivery.channel_id
        where company_id = $1
        order by delivery.id`,
      [company],
    );
    const isFinal = found.every(({ state }) => state !== "PENDING" && state !== "SENDING");
    return isFinal && found.length >= count ? found : undefined;
  });
}

const mail = z.object({
  id: z.string(),
  subject: z.string(),
  to: z.array(z.object({ address: z.string() })),
  text: z.string(),
});

async function mails() {
  const response = await fetch(new URL("/api/email", stack.inboxUrl));
  const all = z.array(z.looseObject({ to: mail.shape.to })).parse(await response.json());
  return all.filter(({ to }) => to.some(({ address }) => address === EMAIL)).map((one) => mail.parse(one));
}

const posted = z.array(z.object({ channel: z.string(), text: z.string(), blocks: z.array(z.unknown()) }));

async function slackMessages() {
  const response = await fetch(new URL("/messages", stack.slackUrl));
  return posted.parse(await response.json()).filter(({ channel }) => channel === SLACK_CHANNEL.id);
}

test("from a raw document to an email and a Slack message, once", async () => {
  expect(await feed(100, "2025-03-03T08:00:00Z")).toEqual({ state: "ANALYZED", findingCount: 0 });
  expect(await feed(150, "2025-03-10T08:00:00Z")).toEqual({ state: "ANALYZED", findingCount: 1 });
  expect(await deliveries(2)).toEqual([
    { channel: "EMAIL", state: "SENT" },
    { channel: "SLACK", state: "SENT" },
  ]);

  const [email, ...otherMails] = await mails();
  expect(otherMails).toEqual([]);
  expect(email?.subject).toContain("Alerted");
  expect(email?.text).toContain("Look at the stars.");
  expect(email?.text).toMatch(/100.*150|150.*100/s);
  const [message, ...otherMessages] = await slackMessages();
  expect(otherMessages).toEqual([]);
  expect(message?.text).toContain("Alerted");
  expect(JSON.stringify(message?.blocks)).toContain("Look at the stars.");

  // The same again, and the same value later: neither is news.
  expect(await feed(150, "2025-03-10T08:00:00Z")).toEqual({ state: "ANALYZED", findingCount: 1 });
  expect(await feed(150, "2025-03-17T08:00:00Z")).toEqual({ state: "ANALYZED", findingCount: 0 });
  expect(await deliveries(2)).toHaveLength(2);
  expect([await mails(), await slackMessages()].map(({ length }) => length)).toEqual([1, 1]);
});

const logLine = z.looseObject({ event: z.string(), "logging.googleapis.com/labels": z.looseObject({}) });

/** The events that the log has under a correlation, in their order and once each. */
async function eventsOf(correlation: string): Promise<string[]> {
  const lines = (await readFile(stack.logFile, "utf8"))
    .split("\n")
    .filter((line) => line.includes(correlation));
  const entries = lines.flatMap((line) => {
    const start = line.indexOf("{");
    const parsed = start < 0 ? undefined : logLine.safeParse(JSON.parse(line.slice(start)));
    return parsed?.success ? [parsed.data] : [];
  });
  const own = entries.filter(
    (entry) => entry["logging.googleapis.com/labels"]["correlation"] === correlation,
  );
  return [...new Set(own.map(({ event }) => event))];
}

test("and the log has its way under one id", async () => {
  const way = ["document_stored", "document_normalized", "document_analyzed", "delivery_attempted"];
  const found = await eventually("the log has it all", async () => {
    const events = await eventsOf(`task-${task}`);
    return way.every((event) => events.includes(event)) ? events : undefined;
  });
  expect(found).toEqual(expect.arrayContaining(way));
  const log = await readFile(stack.logFile, "utf8");
  for (const never of [EMAIL, token, stack.secrets.shared]) expect(log).not.toContain(never);
});

test("who unsubscribes by one click gets no more email, and Slack goes on", async () => {
  const [email] = await mails();
  const raw = await (await fetch(new URL(`/api/email/${email?.id}/source`, stack.inboxUrl))).text();
  const headers = raw.replaceAll(/\r?\n[ \t]+/g, " ");
  expect(headers).toMatch(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click$/im);
  const link = /^List-Unsubscribe: .*<(http[^>]+)>/im.exec(headers)?.[1] ?? "";
  expect(link).toContain(`${stack.baseUrl}/unsubscribe`);
  const response = await fetch(link, {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: "List-Unsubscribe=One-Click",
  });
  expect(response.status).toBe(200);

  expect(await feed(400, "2025-04-14T08:00:00Z")).toEqual({ state: "ANALYZED", findingCount: 1 });
  expect(await deliveries(3)).toEqual([
    { channel: "EMAIL", state: "SENT" },
    { channel: "SLACK", state: "SENT" },
    { channel: "SLACK", state: "SENT" },
  ]);
  expect([await mails(), await slackMessages()].map(({ length }) => length)).toEqual([1, 2]);
});
