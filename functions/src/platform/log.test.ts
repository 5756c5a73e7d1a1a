import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";

// The lines are those of the true logger, in a process of its own: what Cloud Logging would get.
const SCRIPT = `
import { documentFunction } from "./documentFunction.ts";
import { logError, logEvent, logWarning } from "./log.ts";
import { addLogIds, withLogIds } from "./logContext.ts";
import { RetryLater } from "./retryLater.ts";
import { scheduledJob } from "./scheduledJob.ts";
import { taskFunction } from "./taskFunction.ts";

await withLogIds({ correlation: "task-12", task: 12, absent: null }, async () => {
  addLogIds({ company: 3 });
  logEvent("call_ended", { state: "SUCCEEDED", durationMs: 5 });
  withLogIds({ correlation: "task-13" }, () => logEvent("document_failed", { reason: "for jo@example.org" }));
  logWarning("Mail to jo.doe@example.org failed by " + process.env.OPERATOR_TOKEN, {
    to: "postgres://me:" + process.env.PASSWORD_OF_DB + "@db/x?token=abcdefgh",
    key: "second-key-of-two",
    operator: "service:robot@demo-parma.iam.gserviceaccount.com",
    by: "user@iam.gserviceaccount.com.example.org",
  });
  const row = Object.assign(new Error('invalid input syntax for type integer: "Jo Doe, 12"'), {
    name: "error", code: "22P02", detail: "Key (email)=(jo@example.org) already exists.",
  });
  logError("A thing failed", new Error("While asking with Bearer abcdefghijkl", { cause: row }));
});
logEvent("tick");

const call = async (fn, name, data) => {
  process.env.FUNCTIONS_EMULATOR = "true";
  let status;
  const headers = { "content-type": "application/json", "x-parma-correlation": "task-14",
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
  const request = { method: "POST", headers, header: (key) => headers[key.toLowerCase()], body: { data } };
  const response = { on() {}, status(code) { status = code; return this; }, end() {}, send() {} };
  await fn(request, response);
  logEvent("tick", { name, status });
};
const common = { account: "mine", memory: "256MiB", timeoutSeconds: 60, maxInstances: 1, connections: 1 };
const declared = { name: "task", ...common, retry: { attempts: 1 }, dispatches: { atOnce: 1 } };
const task = taskFunction(declared, async ({ data }) => {
  if (data.later) throw new RetryLater("Delivery 7 is not due yet");
  throw new TypeError("broken");
});
await call(task, "later", { later: true });
await call(task, "broken", {});
await call(scheduledJob({ name: "nothing", ...common, schedule: "0 0 * * *", retries: 0 }, async () => ({})), "job", {});

const event = documentFunction({ name: "event", ...common, document: "any/{id}" }, async () => { throw new Error("no such luck"); });
await event.run({}).catch((error) => logEvent("tick", { thrown: error.stack }));
`;

const KEYS = '["first-key-of-two", "second-key-of-two"]';
const SECRETS = ["operator-secret-1", "pw-of-the-database", "second-key-of-two", "abcdefgh", "example.org"];

const line = z.looseObject({ severity: z.string(), message: z.string() });
let output = "";
let lines: z.output<typeof line>[] = [];

beforeAll(() => {
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", SCRIPT], {
    cwd: join(__dirname),
    encoding: "utf8",
    env: {
      PATH: process.env["PATH"],
      GCLOUD_PROJECT: "demo-parma",
      K_SERVICE: "mine-company",
      K_REVISION: "mine-company-00007",
      OPERATOR_TOKEN: "operator-secret-1",
      DB_URL: "postgres://me:pw-of-the-database@db/x",
      PASSWORD_OF_DB: "pw-of-the-database",
      PARMA_SHARED_SECRET_KEY: KEYS,
    },
  });
  output = stdout + stderr;
  lines = output
    .split("\n")
    .filter((text) => text.startsWith("{"))
    .map((text) => line.parse(JSON.parse(text)));
});

const find = (matching: Readonly<Record<string, unknown>>) =>
  lines.filter((candidate) => Object.entries(matching).every(([name, value]) => candidate[name] === value));

const LABELS = "logging.googleapis.com/labels";

describe("a line", () => {
  test("is JSON, whoever writes it", () => {
    const strange = output.split("\n").filter((text) => text !== "" && !text.startsWith("{"));
    expect(strange.join("\n")).toBe("");
  });

  test("carries the ids of the work around it, and the correlation as a label", () => {
    expect(find({ event: "call_ended" })).toEqual([
      {
        severity: "INFO",
        event: "call_ended",
        message: "A mining call ended",
        task: 12,
        company: 3,
        state: "SUCCEEDED",
        durationMs: 5,
        [LABELS]: { correlation: "task-12" },
      },
    ]);
    expect(find({ event: "document_failed" })).toMatchObject([
      { severity: "WARNING", company: 3, [LABELS]: { correlation: "task-13" } },
    ]);
    expect(find({ event: "tick" })[0]).not.toHaveProperty(LABELS);
  });

  test("holds no secrets and no addresses of people", () => {
    for (const secret of SECRETS) expect(output).not.toContain(secret);
    expect(output).not.toContain("Jo Doe");
    expect(find({ severity: "WARNING" })).toContainEqual(
      expect.objectContaining({
        message: "Mail to [email] failed by [secret]",
        to: "postgres://[redacted]@db/x?token=[redacted]",
        key: "[secret]",
        operator: "service:robot@demo-parma.iam.gserviceaccount.com",
        by: "[email]",
      }),
    );
  });
});

describe("an error", () => {
  test("is reported in the form of Error Reporting, with its causes", () => {
    const [error] = find({ what: "A thing failed" });
    expect(error).toMatchObject({
      severity: "ERROR",
      "@type": "type.googleapis.com/google.devtools.clouderrorreporting.v1beta1.ReportedErrorEvent",
      serviceContext: { service: "mine-company", version: "mine-company-00007" },
      task: 12,
      [LABELS]: { correlation: "task-12" },
    });
    expect(error?.message).toMatch(/^Error: While asking with Bearer \[redacted\]\n {4}at /);
    expect(error?.message).toContain(
      "Caused by: error (22P02): invalid input syntax for type integer: …\n    at ",
    );
  });

  test("of a task is logged once, under who enqueued it and the request's trace", () => {
    expect(find({ name: "broken" })).toMatchObject([{ status: 500 }]);
    const errors = lines.filter(({ message }) => message.includes("broken"));
    expect(errors).toMatchObject([
      {
        what: "A task failed",
        [LABELS]: { correlation: "task-14" },
        "logging.googleapis.com/trace": "projects/demo-parma/traces/0af7651916cd43dd8448eb211c80319c",
      },
    ]);
    expect(lines.filter(({ message }) => message.includes("Unhandled"))).toEqual([]);
  });

  test("is not what a task is that comes too early: it comes again, and nobody is told", () => {
    expect(find({ name: "later" })).toMatchObject([{ status: 409 }]);
    const told = lines.filter((entry) => JSON.stringify(entry).includes("not due yet"));
    expect(told).toMatchObject([{ severity: "INFO", event: "retry_later" }]);
  });

  test("of a scheduled job is logged with its reason, and the platform told without it", () => {
    expect(find({ name: "job" })).toMatchObject([{ status: 500 }]);
    // It has no database here.
    expect(find({ what: "A scheduled job failed" })).toMatchObject([{ severity: "ERROR", job: "nothing" }]);
  });

  test("of an event is logged once; what is thrown has no stack to be reported", () => {
    expect(lines.filter(({ message }) => message.includes("no such luck"))).toHaveLength(1);
    expect(lines.filter((entry) => entry["thrown"] !== undefined)).toMatchObject([
      { thrown: "The run failed: the line before has the reason" },
    ]);
  });
});
