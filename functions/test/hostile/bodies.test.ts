import { expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { routesOf } from "../../src/platform/declared.ts";
import { deployedFunctions } from "../deployedFunctions.ts";
import { HOSTILE_BODIES, hostileFields, lists, objects } from "./bodies.ts";
import { openSetting, refusalOf } from "./setting.ts";
import { bodyOf, type Target, targetsOf } from "./targets.ts";

// Loads all functions.
jest.setTimeout(60_000);

const { current, send, leavesNoTrace, trouble } = openSetting();

const JSON_TYPE = { "Content-Type": "application/json" };
/** The routes that read JSON. */
const readers = () =>
  targetsOf(current()).flatMap((target) => (target.fields ? [{ ...target, fields: target.fields }] : []));
/** One for each function: its others read their bodies in the same way. */
const oneReaderEach = () =>
  [...Map.groupBy(readers(), ({ name }) => name).values()].flatMap(([first]) => first ?? []);

async function answerTo(target: Target, body: string | Uint8Array, headers = {}) {
  const { name, method, path, letsIn } = target;
  const token = letsIn === "operator" ? current().operators.token : current().token;
  return send(name, {
    method,
    path,
    body,
    headers: { ...JSON_TYPE, Authorization: `Bearer ${token}`, ...headers },
  });
}

test("every declared route is attacked, with every field that it declares", async () => {
  const declared = (await routesOf(deployedFunctions())).map(
    ({ functionName, method, path, declaration }) => ({
      name: functionName,
      method,
      path,
      letsIn: declaration.callers.kind,
      ...fieldsOf(declaration.body),
    }),
  );
  const attacked = targetsOf(current()).map(({ name, method, path, letsIn, fields }) => ({
    name,
    method,
    path: path.replace(/\?.*/, "").replace(/\/\d+$/, "/:id"),
    letsIn,
    ...(fields === undefined ? {} : { fields: new Set(Object.keys(fields)) }),
  }));
  expect(sorted(attacked)).toEqual(sorted(declared));
});

function sorted(routes: readonly { readonly path: string; readonly method: string }[]) {
  const place = ({ path, method }: { path: string; method: string }) => `${path} ${method}`;
  return routes.toSorted((a, b) => (place(a) < place(b) ? -1 : 1));
}

const object = z.object({ properties: z.record(z.string(), z.unknown()) });

/** The fields of a declared body. */
function fieldsOf(body: z.ZodType | undefined): { fields?: Set<string> } {
  if (body === undefined) return {};
  const json = z.toJSONSchema(body, { io: "input", unrepresentable: "any" });
  const objects = [json, ...(json.anyOf ?? [])].flatMap((it) => object.safeParse(it).data ?? []);
  return { fields: new Set(objects.flatMap(({ properties }) => Object.keys(properties))) };
}

test("bodies that nobody takes", async () => {
  const wrong: unknown[] = [];
  await leavesNoTrace(async () => {
    for (const target of oneReaderEach()) {
      for (const { what, body, headers, refusal } of HOSTILE_BODIES) {
        const got = refusalOf(await answerTo(target, body, headers));
        if (got !== refusal) wrong.push([target.name, target.method, what, got, refusal]);
      }
    }
  });
  expect(wrong).toEqual([]);
});

test("bodies with one field that does not fit", async () => {
  const wrong: unknown[] = [];
  await leavesNoTrace(async () => {
    for (const target of readers()) {
      for (const [what, changed] of hostileFields(target.fields)) {
        // What is left out of a change stays as it is.
        if (target.takesAnyObject && Object.values(changed)[0] === undefined) continue;
        const got = refusalOf(await answerTo(target, bodyOf(target.fields, changed)));
        if (got !== "422 invalid_request") wrong.push([target.path, target.method, what, got]);
      }
    }
  });
  expect(wrong).toEqual([]);
});

test("bodies and queries that do not fit for reasons of their own", async () => {
  const { source, task, token } = current();
  const measurement = { source_module_id: source, type: "int", measurement_name: "stars" };
  const bodies: [string, string, object][] = [
    ["sourceMeasurement", "/source-measurement", { ...measurement, measurement_name: "" }],
    ["sourceMeasurement", "/source-measurement", { ...measurement, measurement_name: "x".repeat(501) }],
    ["newCompany", "/new-company", { id: 1, company_name: " " }],
    ["newCompany", "/new-company", { id: 1, company_name: "x", added_by: "me" }],
    ["crawlingFinished", "/crawling-finished", { task_id: task, errors: { "1": {} } }],
    ["crawlingFinished", "/crawling-finished", { task_id: task, errors: { "1": { error_type: 1 } } }],
  ];
  const endpoint = "/handshake?invocation_endpoint=http://127.0.0.1:9/";
  const queries: [string, string][] = [
    ["sourceMeasurement", "/source-measurement?page=0"],
    ["sourceMeasurement", "/source-measurement?page=x"],
    ["sourceMeasurement", "/source-measurement?per_page=101"],
    ["sourceMeasurement", "/source-measurement?per_page=-1"],
    ["handshake", "/handshake"],
    ["handshake", "/handshake?data_source_id=1"],
    ["handshake", `${endpoint}&data_source_id=abc`],
    ["handshake", `${endpoint}&data_source_id=99999999999`],
  ];
  const wrong: unknown[] = [];
  const headers = { ...JSON_TYPE, Authorization: `Bearer ${token}` };
  await leavesNoTrace(async () => {
    for (const [name, path, body] of bodies) {
      const got = refusalOf(await send(name, { path, headers, body: JSON.stringify(body) }));
      if (got !== "422 invalid_request") wrong.push([path, body, got]);
    }
    for (const [name, path] of queries) {
      const got = refusalOf(await send(name, { method: "GET", path, headers }));
      if (got !== "422 invalid_request") wrong.push([path, got]);
    }
    // As the web application might write it.
    const got = refusalOf(
      await send("crmCompanies", { path: "/crm-companies", headers, body: '"user: me"' }),
    );
    if (got !== "422 invalid_request") wrong.push(["/crm-companies", got]);
  });
  expect(wrong).toEqual([]);
});

test("bodies that are larger than they may be", async () => {
  const answers: string[] = [];
  await leavesNoTrace(async () => {
    for (const target of oneReaderEach()) {
      const most = target.name === "feedRawData" ? 20 : 1;
      const body = Buffer.alloc(most * 1024 * 1024 + 1, " ");
      answers.push(refusalOf(await answerTo(target, body)));
    }
  });
  expect(new Set(answers)).toEqual(new Set(["413 body_too_large"]));
});

test("a body that is wrong in 50,000 places is answered in a few words", async () => {
  const errors = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`${i}`.repeat(2), 1]));
  const longest = { ["x".repeat(900_000)]: 1 };
  for (const body of [
    { task_id: 1, errors },
    { task_id: 1, errors: longest },
  ]) {
    const [crawlingFinished] = readers().filter(({ name }) => name === "crawlingFinished");
    if (crawlingFinished === undefined) throw new Error("There is no such target");
    const { status, text } = await answerTo(crawlingFinished, JSON.stringify(body));
    expect([status, text.length < 5000]).toEqual([422, true]);
  }
});

test("what is odd, and fits, is taken", async () => {
  const wrong: unknown[] = [];
  // Operations would have their effects.
  for (const target of readers().filter(({ letsIn }) => letsIn !== "operator")) {
    const { fields } = target;
    const [first = ""] = Object.keys(fields);
    const good = bodyOf(fields);
    const odd: [string, string, Record<string, string>][] = [
      ["a byte order mark", `\ufeff${good}`, {}],
      ["white space around", ` \r\n\t${good}\n\n`, {}],
      ["a field twice, the last good", good.replace("{", `{${JSON.stringify(first)}: [[]], `), {}],
      ["a prototype beside", good.replace("{", '{"__proto__": {"polluted": true}, '), {}],
      ["a constructor beside", good.replace("{", '{"constructor": {"prototype": {"polluted": 1}}, '), {}],
      ["999 lists beside", good.replace("{", `{"more": ${lists(999)}, `), {}],
      ["999 objects beside", good.replace("{", `{"more": ${objects(999)}, `), {}],
      ["huge numbers beside", good.replace("{", `{"more": [1e400, -1e400, ${"9".repeat(400)}], `), {}],
      ["half a surrogate pair beside", good.replace("{", '{"\\ud800": "\\udfff", '), {}],
      ["escaped names", good.replace(first, `\\u00${first.charCodeAt(0).toString(16)}${first.slice(1)}`), {}],
      ["no content type", good, { "Content-Type": "" }],
      ["another JSON", good, { "Content-Type": "application/problem+json; charset=UTF8" }],
      ["the identity", good, { "Content-Encoding": "identity" }],
      [
        "headers of others",
        good,
        { Expect: "100-continue", Cookie: "a=b", Range: "bytes=0-1", Origin: "null" },
      ],
    ];
    for (const [what, body, headers] of odd) {
      const { status, text } = await answerTo(target, body, headers);
      if (status < 200 || status > 299) wrong.push([target.name, target.method, what, status, text]);
    }
  }
  expect(wrong).toEqual([]);
  expect(trouble).toEqual([]);
  expect(Reflect.get({}, "polluted")).toBeUndefined();
});
