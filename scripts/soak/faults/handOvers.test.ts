import { createServer } from "node:http";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { listen } from "../../stack/listen.ts";
import { stopEverything } from "../../stack/shutdown.ts";
import { randomOf } from "../random.ts";
import { EVENTS, type HandOvers, MISHAPS, type Mishap, startHandOvers, TASKS } from "./handOvers.ts";

let received: { url: string; body: string }[];
let server: ReturnType<typeof createServer>;
let port: number;
let onReceived: () => void;

beforeEach(async () => {
  received = [];
  onReceived = () => undefined;
  server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    received.push({ url: request.url ?? "", body: Buffer.concat(chunks).toString() });
    onReceived();
    response.writeHead(409, { "content-type": "text/plain" }).end("there already");
  });
  port = Number(new URL(`tcp://${await listen(server)}`).port);
});

afterEach(async () => {
  await stopEverything();
  server.closeAllConnections();
  server.close();
});

const QUEUE = "/projects/demo/locations/here/queues/deliver/tasks";

function enqueue(
  { host }: HandOvers,
  { path = QUEUE, name = "7-deliver", payload = "e30=" } = {},
): Promise<Response> {
  const body = JSON.stringify({
    task: { name: `${QUEUE}/${name}`, httpRequest: { url: "", body: payload } },
  });
  return fetch(`http://${host}${path}`, {
    method: "POST",
    body,
    headers: { "content-type": "application/json" },
  });
}

async function tasksThat(mishap: Mishap | undefined): Promise<HandOvers> {
  const tasks = await startHandOvers(TASKS);
  tasks.connectTo(port);
  const odds = Object.fromEntries(MISHAPS.map((one) => [one, one === mishap ? 1 : 0]));
  tasks.disturb({
    odds: { dropped: 0, doubled: 0, late: 0, ...odds },
    random: randomOf(1, "tasks"),
    isFirstDropped: false,
  });
  return tasks;
}

function untilReceived(count: number): Promise<void> {
  return new Promise((resolve) => {
    onReceived = () => {
      if (received.length >= count) resolve();
    };
    onReceived();
  });
}

test("what goes well is passed on with its answer", async () => {
  const response = await enqueue(await tasksThat(undefined));
  expect([response.status, await response.text()]).toEqual([409, "there already"]);
  expect(received).toEqual([{ url: QUEUE, body: expect.stringContaining("7-deliver") }]);
});

test("a dropped task is said to be taken, and reaches nobody", async () => {
  const tasks = await tasksThat("dropped");
  expect((await enqueue(tasks)).status).toBe(200);
  expect([received, tasks.counts.get("dropped"), tasks.held()]).toEqual([[], 1, 0]);
});

test("a doubled task comes a second time under another name", async () => {
  const tasks = await tasksThat("doubled");
  expect((await enqueue(tasks)).status).toBe(409);
  await untilReceived(2);
  const names = received.map(({ body }) => JSON.parse(body).task.name);
  expect(names).toEqual([`${QUEUE}/7-deliver`, `${QUEUE}/7-deliver-again`]);
});

test("a late task is said to be taken, and comes once", async () => {
  const tasks = await tasksThat("late");
  expect((await enqueue(tasks)).status).toBe(200);
  expect([received.length, tasks.held()]).toEqual([0, 1]);
  await untilReceived(1);
});

test("where the first is dropped, the same work comes through under whatever name it is enqueued again", async () => {
  const tasks = await startHandOvers(TASKS);
  tasks.connectTo(port);
  const odds = { dropped: 0, doubled: 0, late: 0 };
  tasks.disturb({ odds, random: randomOf(1, "tasks"), isFirstDropped: true });
  const again = { name: "7-deliver-again-1" };
  const answers = [
    await enqueue(tasks),
    await enqueue(tasks, again),
    await enqueue(tasks, { payload: "eyJ9" }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 409, 200]);
  expect(received).toEqual([{ url: QUEUE, body: expect.stringContaining("7-deliver-again-1") }]);
  expect(tasks.counts.get("dropped")).toBe(2);
});

test("what hands nothing over is left alone", async () => {
  const tasks = await tasksThat("dropped");
  expect((await enqueue(tasks, { path: QUEUE.replace("/tasks", "") })).status).toBe(409);
  expect(received).toHaveLength(1);
});

test("an event goes to the server that it names", async () => {
  const events = await startHandOvers(EVENTS);
  const target = `http://127.0.0.1:${port}/functions/projects/demo/triggers/normalize-0`;
  const sent = await throughProxy(events.host, target);
  expect([sent, received]).toEqual([
    409,
    [{ url: "/functions/projects/demo/triggers/normalize-0", body: "event" }],
  ]);
});

/** As a client does that is configured to use a proxy: the request line names the whole URL. */
async function throughProxy(host: string, url: string): Promise<number | undefined> {
  const { request } = await import("node:http");
  const [hostname, proxyPort] = host.split(":");
  return new Promise((resolve, reject) => {
    const headers = { host: new URL(url).host, "ce-type": "created", "content-type": "application/protobuf" };
    request({ hostname, port: proxyPort, path: url, method: "POST", headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end("event");
  });
}
