import { describe, expect, jest, test } from "@jest/globals";
import type { SentCall } from "./calls.ts";
import { refusedCalls } from "./refusedCalls.ts";

jest.setTimeout(120_000);

const { current, send, expectRefused } = refusedCalls();

describe("a body that does not fit", () => {
  const posts = [
    "/feed-raw-data",
    "/crawling-finished",
    "/source-measurement",
    "/new-company",
    "/crm-companies",
  ];

  const notJson: [string, string | Uint8Array, Record<string, string>, number, string][] = [
    ["is no JSON", '{"task_id": ', {}, 400, "invalid_json"],
    ["is empty", "", {}, 400, "invalid_json"],
    ["is no UTF-8", new Uint8Array([0x7b, 0xff, 0x7d]), {}, 400, "invalid_json"],
    ["is a list", "[]", {}, 422, "invalid_request"],
    ["is null", "null", {}, 422, "invalid_request"],
    [
      "is a form",
      "a=b",
      { "Content-Type": "application/x-www-form-urlencoded" },
      415,
      "unsupported_media_type",
    ],
    ["is nested without end", "[".repeat(100_000) + "]".repeat(100_000), {}, 422, "invalid_request"],
  ];
  test.each(notJson)("%s", async (_what, body, headers, status, code) => {
    for (const path of posts)
      await expectRefused({ path, body, headers, token: current().token }, status, code);
  });

  const wrong: [string, object][] = [
    ["/feed-raw-data", { company_id: "1", raw_data: {} }],
    ["/feed-raw-data", { source_name: "x", raw_data: {} }],
    ["/feed-raw-data", { source_name: "x", company_id: "1" }],
    ["/feed-raw-data", { source_name: 1, company_id: "1", raw_data: {} }],
    ["/feed-raw-data", { source_name: "x", company_id: null, raw_data: {} }],
    ["/feed-raw-data", { source_name: "x", company_id: 1.5, raw_data: {} }],
    ["/feed-raw-data", { source_name: "x", company_id: "1", raw_data: [] }],
    ["/feed-raw-data", { source_name: "x", company_id: "1", raw_data: "{}" }],
    ["/feed-raw-data", { source_name: "x", company_id: "1", raw_data: {}, observed_at: "yesterday" }],
    ["/feed-raw-data", { source_name: "x", company_id: "1", raw_data: {}, observed_at: "2024-02-30" }],
    ["/feed-raw-data", { source_name: "x", company_id: "1", raw_data: {}, observed_at: "2999-01-01" }],
    ["/crawling-finished", { errors: {} }],
    ["/crawling-finished", { task_id: "1", errors: {} }],
    ["/crawling-finished", { task_id: 1e12, errors: {} }],
    ["/crawling-finished", { task_id: 1, errors: [] }],
    ["/crawling-finished", { task_id: 1, errors: { "1": { error_description: "x" } } }],
    ["/crawling-finished", { task_id: 1, errors: { "1": { error_type: 1 } } }],
    ["/source-measurement", { type: "int", measurement_name: "x" }],
    ["/source-measurement", { source_module_id: 1, type: "video", measurement_name: "x" }],
    ["/source-measurement", { source_module_id: 1, type: "int", measurement_name: "" }],
    ["/source-measurement", { source_module_id: 1, type: "int", measurement_name: "a\0b" }],
    ["/source-measurement", { source_module_id: 1, type: "int", measurement_name: "x".repeat(501) }],
    [
      "/source-measurement",
      { source_module_id: 1, type: "int", measurement_name: "x", parent_measurement_id: "1" },
    ],
    ["/new-company", { id: 1 }],
    ["/new-company", { company_name: "x" }],
    ["/new-company", { id: 1, company_name: " " }],
    ["/new-company", { id: 1, company_name: "x", added_by: "me" }],
    ["/crm-companies", {}],
    ["/crm-companies", { user_id: -1 }],
  ];
  test.each(wrong)("%s %j", async (path, body) => {
    await expectRefused({ path, body, token: current().token }, 422, "invalid_request");
  });

  test("is a text without a user", async () => {
    await expectRefused({ path: "/crm-companies", body: '"user: me"' }, 422, "invalid_request");
  });

  test("is larger than it may be", async () => {
    const body = `{"source_name":"x","company_id":"1","raw_data":{"a":"${"x".repeat(20 * 1024 * 1024)}"}}`;
    await expectRefused({ path: "/feed-raw-data", body, token: current().token }, 413, "body_too_large");
  });
});

describe("a call that goes wrong", () => {
  const paths: [string, SentCall["method"], string, number, string | null][] = [
    ["/feed-raw-data", "GET", "method_not_allowed", 405, "POST"],
    ["/feed-raw-data", "PUT", "method_not_allowed", 405, "POST"],
    ["/crawling-finished", "GET", "method_not_allowed", 405, "POST"],
    ["/new-company", "DELETE", "method_not_allowed", 405, "POST"],
    ["/crm-companies", "GET", "method_not_allowed", 405, "POST"],
    ["/handshake", "POST", "method_not_allowed", 405, "GET"],
    ["/source-measurement", "DELETE", "method_not_allowed", 405, "POST, GET"],
    ["/source-measurement/1", "POST", "method_not_allowed", 405, "GET, PUT, DELETE"],
    ["/source-measurement/abc", "GET", "not_found", 404, null],
    ["/source-measurement/1/2", "GET", "not_found", 404, null],
  ];
  test.each(paths)("%s %s: %s", async (path, method = "GET", code, status, allow) => {
    await expectRefused({ path, method, token: current().token }, status, code);
    const { headers } = await send({ path, method, token: current().token });
    expect(headers.get("allow")).toBe(allow);
  });

  test.each<[string, number]>([
    ["", 422],
    ["?data_source_id=1", 422],
    ["?invocation_endpoint=http://127.0.0.1:9/&data_source_id=abc", 422],
    ["?invocation_endpoint=http://127.0.0.1:9/&data_source_id=99999999999", 422],
    ["?invocation_endpoint=http://127.0.0.1:9/&data_source_id=2000000000", 404],
  ])("GET /handshake%s", async (query, status) => {
    await expectRefused({ method: "GET", path: `/handshake${query}` }, status);
  });

  test("a handshake with another endpoint than the source's", async () => {
    const path = `/handshake?invocation_endpoint=http://127.0.0.1:10/&data_source_id=${current().source}`;
    await expectRefused({ method: "GET", path }, 403, "forbidden");
  });

  test("a handshake with a module that is not there", async () => {
    const path = `/handshake?invocation_endpoint=http://127.0.0.1:9/&data_source_id=${current().source}`;
    await expectRefused({ method: "GET", path }, 502, "module_failed");
  });

  test.each(["page=0", "per_page=101", "page=x", "per_page=-1"])(
    "GET /source-measurement?%s",
    async (query) => {
      await expectRefused(
        { method: "GET", path: `/source-measurement?${query}`, token: current().token },
        422,
        "invalid_request",
      );
    },
  );
});
