import { expect, jest, test } from "@jest/globals";
import { tokenFor } from "../e2e/calls.ts";
import { openSetting, refusalOf } from "./setting.ts";
import { bodyOf, type Target, targetsOf } from "./targets.ts";
import { hostileOperatorTokens, hostileTokens } from "./tokens.ts";

// Loads all functions.
jest.setTimeout(60_000);

const { current, send, leavesNoTrace } = openSetting();

const targets = (letsIn?: Target["letsIn"]) =>
  targetsOf(current()).filter((target) => letsIn === undefined || target.letsIn === letsIn);

function call({ name, method, path, fields }: Target, authorization?: string, changed = {}) {
  const headers = authorization === undefined ? {} : { Authorization: authorization };
  return send(name, { method, path, headers, ...(fields ? { body: bodyOf(fields, changed) } : {}) });
}

/** All of them for some tokens, and one for the others: every route has the same guard. */
function someOf(all: readonly Target[], index: number): readonly Target[] {
  return index % 10 === 0 ? all : all.slice(index % all.length).slice(0, 1);
}

test("tokens that are not good", async () => {
  const wrong: unknown[] = [];
  await leavesNoTrace(async () => {
    for (const [index, [what, authorization, refusal]] of (await hostileTokens(current())).entries()) {
      for (const target of someOf(targets("module"), index)) {
        const got = refusalOf(await call(target, authorization));
        if (got !== refusal) wrong.push([target.name, target.method, what, got, refusal]);
      }
    }
    for (const target of targets("module")) {
      const path = `${target.path}?token=${current().token}&authorization=${current().token}`;
      const got = refusalOf(await call({ ...target, path }));
      if (got !== "401 missing_token") wrong.push([target.name, target.method, "in the query", got]);
    }
  });
  expect(wrong).toEqual([]);
});

test("tokens that make nobody an operator", async () => {
  const wrong: unknown[] = [];
  await leavesNoTrace(async () => {
    for (const [index, [what, token, refusal]] of (await hostileOperatorTokens(current())).entries()) {
      for (const target of someOf(targets("operator"), index)) {
        const got = refusalOf(await call(target, `Bearer ${token}`));
        if (got !== refusal) wrong.push([target.path, target.method, what, got, refusal]);
      }
    }
  });
  expect(wrong).toEqual([]);
});

test("another's token opens nothing of this source", async () => {
  const { source, company, task, other } = current();
  const wrong: unknown[] = [];
  const refusedFor = async (
    what: string,
    token: string,
    names: string[],
    changed: Record<string, string>,
  ) => {
    for (const target of targets("module")) {
      const isOne = /\d$/.test(target.path);
      if (!names.includes(target.name) || (target.name === "sourceMeasurement" && !target.fields && !isOne))
        continue;
      const got = refusalOf(await call(target, token, changed));
      if (!/^(403|404|422) /.test(got)) wrong.push([what, target.path, target.method, got]);
    }
  };
  await leavesNoTrace(async () => {
    const foreign = await tokenFor({
      sourceId: other.source,
      taskId: other.task,
      companyId: other.company,
      attempt: 1,
    });
    await refusedFor("another source's", foreign, ["crawlingFinished", "sourceMeasurement"], {});
    const gone = await tokenFor({ sourceId: 2_000_000_000 });
    const own = { source_module_id: "2000000000" };
    await refusedFor(
      "a removed source's",
      gone,
      ["feedRawData", "newCompany", "crawlingFinished", "sourceMeasurement"],
      own,
    );
    const otherTask = await tokenFor({
      sourceId: source,
      taskId: other.task,
      companyId: company,
      attempt: 1,
    });
    await refusedFor("another task's", otherTask, ["crawlingFinished"], {});
    await refusedFor("its own", current().token, ["crawlingFinished"], { task_id: String(other.task) });
    const noCompany = await tokenFor({
      sourceId: source,
      taskId: task,
      companyId: 2_000_000_000,
      attempt: 1,
    });
    await refusedFor("a removed company's", noCompany, ["feedRawData"], {});
    const anyCompany = await tokenFor({ sourceId: source });
    for (const id of [
      "2000000000",
      '"1e0"',
      '"0x1"',
      '" 1 "',
      '"1.0"',
      '""',
      '"-1"',
      "-1",
      '"1\\u0000"',
      "1e15",
    ]) {
      await refusedFor(`a company that is ${id}`, anyCompany, ["feedRawData"], { company_id: id });
    }
  });
  expect(wrong).toEqual([]);
});

test("methods that are not there", async () => {
  const wrong: unknown[] = [];
  const all = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "PURGE", "M-SEARCH"];
  await leavesNoTrace(async () => {
    const byPath = Map.groupBy(targets(), ({ path }) => path.replace(/\?.*/, ""));
    for (const [path, routes] of byPath) {
      const allowed = routes.map(({ method }) => method);
      for (const method of all.filter((it) => !allowed.includes(it))) {
        const answer = await send(routes[0]?.name ?? "", { method, path });
        const got = [refusalOf(answer), new Set(answer.headers.allow?.split(", "))];
        if (got[0] !== "405 method_not_allowed") wrong.push([path, method, got]);
        for (const it of allowed) if (!answer.headers.allow?.includes(it)) wrong.push([path, method, got]);
      }
    }
  });
  expect(wrong).toEqual([]);
});

const PATHS = [
  ...["/x", "/0x1", "/-1", "/1.0", "/1e3", "/12345678901", "/%31", "/%d9%a1", "/1/2", "/1/", "/1//", "/:id"],
  ...["/..", "/../..", "/%2e%2e", "/..%2f", "/%00", "/%ff%fe", "/\\", "/;x=1", "/__proto__", "/constructor"],
  ...[
    "/toString",
    "//",
    `/${"x".repeat(8000)}`,
    `${"/".repeat(8000)}x`,
    "/%E0%A4%A",
    "/%",
    "*",
    ".json",
    "/null",
  ],
];

test("paths that lead nowhere", async () => {
  const wrong: unknown[] = [];
  await leavesNoTrace(async () => {
    const names = Map.groupBy(targets(), ({ name }) => name);
    for (const [name, [first]] of names) {
      const base = first?.path.replace(/\?.*/, "").replace(/^(\/(?:health|ops))\/.*/, "$1") ?? "";
      for (const path of PATHS) {
        const isThere = name === "sourceMeasurement" && /^\/1\/*$/.test(path);
        if (isThere || (path === "//" && !/health|ops/.test(name))) continue;
        const answer = await send(name, { method: "GET", path: base + path });
        // What cannot be decoded is refused by the server, in its own words.
        const refused = decodes(path) ? "404 not_found" : "400";
        if (!refusalOf(answer).startsWith(refused)) wrong.push([name, path.slice(0, 50), refusalOf(answer)]);
      }
    }
  });
  expect(wrong).toEqual([]);
});

function decodes(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

const QUERIES = [
  ...["%", "%ff", "%00", "%E0%A4%A", "=", "&&&", "a[b]=c", "a[]=1&a[]=2", "__proto__=1", "__proto__[x]=1"],
  ...["constructor=1", "?", "??a=b?c", "#", "a=1;b=2", "+", "%u0041", `a=${"x".repeat(8000)}`],
];

test("queries of odd encodings change nothing of what is answered", async () => {
  const wrong: unknown[] = [];
  // These do what they are for.
  const acting = ["schedule", "handshake", "notificationRules", "weeklyReportsNow", "ops"];
  await leavesNoTrace(async () => {
    for (const target of targets().filter(({ name, method }) => method === "GET" && !acting.includes(name))) {
      const authorization = `Bearer ${current().token}`;
      const { status } = await call(target, authorization);
      for (const query of QUERIES) {
        const path = `${target.path}${target.path.includes("?") ? "&" : "?"}${query}`;
        const got = await call({ ...target, path }, authorization);
        if (got.status !== status) wrong.push([target.path, query.slice(0, 50), got.status, status]);
      }
    }
  });
  expect(wrong).toEqual([]);
});

const VALUES = [
  "",
  "%00",
  "a%00b",
  "%ff",
  "%ED%A0%80",
  "0",
  "-1",
  "1e400",
  "99999999999",
  "null",
  "[]",
  "{}",
  "%20",
  "__proto__",
];

test("queries with values that do not fit", async () => {
  const { source } = current();
  const wrong: unknown[] = [];
  const refused = async (name: string, path: string, authorization: string) => {
    const got = await send(name, { method: "GET", path, headers: { Authorization: authorization } });
    if (got.status < 400 || got.status > 499) wrong.push([path, got.status]);
  };
  await leavesNoTrace(async () => {
    for (const value of VALUES) {
      const module = `Bearer ${current().token}`;
      await refused("sourceMeasurement", `/source-measurement?page=${value}`, module);
      await refused("sourceMeasurement", `/source-measurement?per_page=${value}`, module);
      await refused("handshake", `/handshake?invocation_endpoint=${value}&data_source_id=${source}`, "");
      await refused(
        "handshake",
        `/handshake?invocation_endpoint=http://127.0.0.1:9/&data_source_id=${value}`,
        "",
      );
      await refused("unsubscribe", `/unsubscribe?token=${value}`, "");
      const operator = `Bearer ${current().operators.token}`;
      for (const query of [
        "status?hours",
        "runs?limit",
        "runs?state",
        "failed?limit",
        "failed?since",
        "backfill?id",
      ]) {
        await refused("ops", `/ops/${query}=${value}`, operator);
      }
    }
    for (const value of ["a%00b", "%00", ""]) {
      await refused("ops", `/ops/failed?source=${value}`, `Bearer ${current().operators.token}`);
    }
  });
  expect(wrong).toEqual([]);
});
