import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { routesOf } from "../../src/platform/declared.ts";
import { database } from "../../src/platform/postgres.ts";
import { askModule } from "../../src/stages/ingest/functions.ts";
import { deployedFunctions } from "../deployedFunctions.ts";
import { insertCompany, insertSource } from "../rows.ts";
import { startCloudTasks } from "../standins/cloudTasks.ts";
import { type Answer, type HttpServer, serveHttp } from "../standins/httpServer.ts";
import { openSetting, refusalOf } from "./setting.ts";
import { bodyOf, targetsOf } from "./targets.ts";

// Loads all functions.
jest.setTimeout(60_000);

const SECRET = "the web application's secret, of 32 bytes or more";
const CANARY = "kanarienvogel";

let tasks: HttpServer;
let standIn: { readonly server: HttpServer; answer: (path: string) => Answer | Promise<Answer> };
const asked: string[] = [];
beforeAll(async () => {
  tasks = await startCloudTasks(async (queue, data) => {
    // A tick starts scheduled tasks, which are nothing to this test.
    if (queue !== "askModule") return;
    const delivery = { queueName: "askModule", id: "1", retryCount: 0, executionCount: 0, scheduledTime: "" };
    await askModule.run({ ...delivery, data });
  });
  const server = await serveHttp((_request, url) => {
    asked.push(url.pathname);
    return standIn.answer(url.pathname);
  });
  standIn = { server, answer: () => ({ status: 404 }) };
  Object.assign(process.env, {
    CLOUD_TASKS_EMULATOR_HOST: new URL(tasks.url).host,
    MODULE_NETWORKS: "127.0.0.0/8",
  });
});
const { current, send, leavesNoTrace, trouble } = openSetting();
afterAll(async () => {
  await tasks.stop();
  await standIn.server.stop();
});

let endpoint: string;
let crm: number | undefined;
beforeEach(async () => {
  delete process.env["PARMA_WEB_SECRET"];
  asked.length = 0;
  endpoint = `${standIn.server.url}/`;
  if (crm !== undefined) return;
  const params = {
    name: `crm-${current().source}`,
    endpoint,
    additionalParams: { names_its_companies: true },
  };
  crm = await insertSource(await database(), params);
  await insertCompany(await database(), `The ${CANARY} company`);
});

/** Calls of every route that the web application is declared to call. */
async function webCalls() {
  const declared = (await routesOf(deployedFunctions())).filter(
    ({ declaration }) => declaration.callers.kind === "web application",
  );
  return declared.map(({ functionName, method, path }) => {
    const target = targetsOf(current()).find(
      (it) => it.name === functionName && it.method === method && it.path.replace(/\?.*/, "") === path,
    );
    if (target === undefined) throw new Error(`targets.ts has no ${method} ${path}`);
    const query = `invocation_endpoint=${encodeURIComponent(endpoint)}&data_source_id=${crm}`;
    return {
      route: `${method} ${path}`,
      path: target.path.includes("?") ? `${path}?${query}` : path,
      call: (headers: Readonly<Record<string, string>> = {}, suffix = "") =>
        send(functionName, {
          method,
          path: `${target.path.includes("?") ? `${path}?${query}` : path}${suffix}`,
          headers: { "Content-Type": "application/json", ...headers },
          ...(target.fields ? { body: bodyOf(target.fields) } : {}),
        }),
    };
  });
}

describe("once the web application's secret is set", () => {
  const wrong: [string, Readonly<Record<string, string>>, string][] = [
    ["no credentials", {}, "401 missing_token"],
    ["an empty bearer", { Authorization: "Bearer " }, "401 missing_token"],
    ["another scheme", { Authorization: `Basic ${SECRET}` }, "401 missing_token"],
    ["another secret", { "X-Parma-Secret": "x".repeat(SECRET.length) }, "401 invalid_token"],
    ["its beginning", { "X-Parma-Secret": SECRET.slice(0, -1) }, "401 invalid_token"],
    ["more than it", { Authorization: `Bearer ${SECRET}x` }, "401 invalid_token"],
    ["another case", { "X-Parma-Secret": SECRET.toUpperCase() }, "401 invalid_token"],
    ["an empty header", { "X-Parma-Secret": "" }, "401 invalid_token"],
    ["another header", { "X-Secret": SECRET, Cookie: `PARMA_WEB_SECRET=${SECRET}` }, "401 missing_token"],
  ];

  test("every route of its refuses calls without it, and does nothing", async () => {
    process.env["PARMA_WEB_SECRET"] = SECRET;
    const calls = await webCalls();
    expect(calls.map(({ route }) => route)).toEqual(
      expect.arrayContaining(["GET /handshake", "POST /crm-companies", "GET /schedule", "POST /schedule"]),
    );
    await leavesNoTrace(async () => {
      for (const { route, call, path } of calls) {
        for (const [what, headers, refusal] of wrong) {
          expect([route, what, refusalOf(await call(headers))]).toEqual([route, what, refusal]);
        }
        const inQuery = `${path.includes("?") ? "&" : "?"}secret=${encodeURIComponent(SECRET)}`;
        expect([route, refusalOf(await call({}, inQuery))]).toEqual([route, "401 missing_token"]);
        expect([route, refusalOf(await call({ Authorization: `Bearer ${current().token}` }))]).toEqual([
          route,
          "401 invalid_token",
        ]);
      }
    });
    expect(asked).toEqual([]);
  });

  test.each([
    ["in its header", { "X-Parma-Secret": SECRET }],
    ["as bearer token", { Authorization: `bearer ${SECRET}` }],
  ])("it opens them %s", async (_where, headers) => {
    process.env["PARMA_WEB_SECRET"] = SECRET;
    for (const { route, call } of await webCalls()) {
      expect([route, (await call(headers)).status]).not.toEqual([route, 401]);
    }
  });
});

// The module says the canary wherever it can.
const map = {
  Source: CANARY,
  Mappings: [{ SourceField: CANARY, DataType: "int", MeasurementName: CANARY }],
};
const described = JSON.stringify({ frequency: "weekly", normalization_map: JSON.stringify(map) });
const listed = [
  { name: `New ${CANARY}`, domains: [`${CANARY}.example`] },
  { name: 5, [CANARY]: CANARY },
];
const ANSWERS: [string, (path: string) => Answer | Promise<Answer>][] = [
  ["works", (path) => ({ status: 200, body: path === "/initialize" ? JSON.stringify(described) : listed })],
  ["refuses at length", () => ({ status: 500, body: { detail: CANARY.repeat(20_000) } })],
  ["says something else", () => ({ status: 200, body: { [CANARY]: CANARY } })],
  ["says no JSON", () => ({ status: 200, body: `<h1>${CANARY}</h1>` })],
  ["answers endlessly", () => ({ status: 200, body: CANARY.repeat(600_000) })],
  ["redirects", () => ({ status: 302, headers: { Location: `https://${CANARY}.example/` } })],
];

describe("anonymous answers", () => {
  test.each(ANSWERS)(
    "tell nothing of companies and modules, in few bytes, where the module %s",
    async (_, answer) => {
      standIn.answer = answer;
      for (const { call } of await webCalls()) {
        const { headers, text } = await call();
        expect(`${text} ${JSON.stringify(headers)}`).not.toContain(CANARY);
        expect(text.length).toBeLessThan(500);
      }
      expect(new Set(asked)).toEqual(new Set(["/initialize", "/all-companies"]));
    },
  );

  test("to calls at the same time cost one call of the module", async () => {
    for (const { route, call } of await webCalls()) {
      asked.length = 0;
      const together = Promise.withResolvers<void>();
      standIn.answer = async (path) => {
        await together.promise;
        return ANSWERS[0]?.[1](path) ?? { status: 500 };
      };
      const calls = Array.from({ length: 12 }, () => call());
      setTimeout(() => together.resolve(), 300);
      const answers = await Promise.all(calls);
      expect([route, ...new Set(answers.map(({ status }) => status))]).toEqual([route, 200]);
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
      expect(asked.length).toBeLessThanOrEqual(1);
    }
    expect(trouble).toEqual([]);
  });
});
