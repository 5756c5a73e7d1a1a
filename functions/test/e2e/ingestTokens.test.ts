import { describe, expect, jest, test } from "@jest/globals";
import { forged, type SentCall, tokenFor, unsigned } from "./calls.ts";
import { refusedCalls } from "./refusedCalls.ts";

jest.setTimeout(120_000);

const { current, send, expectRefused } = refusedCalls();

const feed = (): SentCall => ({
  path: "/feed-raw-data",
  body: { source_name: "refusals", company_id: String(current().company), raw_data: { stars: 1 } },
});
const finished = (): SentCall => ({
  path: "/crawling-finished",
  body: { task_id: current().task, errors: {} },
});
const measurementOf = (name: string): SentCall => ({
  path: "/source-measurement",
  body: { source_module_id: current().source, type: "int", measurement_name: name },
});
const newCompany = (): SentCall => ({
  path: "/new-company",
  body: { id: 1, company_name: "Refused company", description: "d", added_by: 1 },
});

describe("a token that is not good", () => {
  const keys = () => current().stack.secrets;
  const inner = (claims: object = {}) =>
    forged({ sourcing_id: current().source, ...claims }, keys().analytics);

  const badTokens: [string, () => Promise<string | undefined> | string | undefined, number, string][] = [
    ["missing", () => undefined, 401, "missing_token"],
    ["no token at all", () => "personio", 401, "invalid_token"],
    ["expired", async () => forged({ sourcing_id: await inner() }, keys().shared, -60), 401, "invalid_token"],
    [
      "without an expiry",
      async () => forged({ sourcing_id: await inner() }, keys().shared, null),
      401,
      "invalid_token",
    ],
    [
      "expired inside",
      async () =>
        forged(
          { sourcing_id: await forged({ sourcing_id: current().source }, keys().analytics, -60) },
          keys().shared,
        ),
      401,
      "invalid_token",
    ],
    [
      "signed with another key",
      async () => forged({ sourcing_id: await inner() }, "another"),
      401,
      "invalid_token",
    ],
    [
      "signed with the name of the key",
      async () => forged({ sourcing_id: await inner() }, "PARMA_SHARED_SECRET_KEY"),
      401,
      "invalid_token",
    ],
    [
      "signed with another key inside",
      async () =>
        forged(
          { sourcing_id: await forged({ sourcing_id: current().source }, keys().shared) },
          keys().shared,
        ),
      401,
      "invalid_token",
    ],
    ["unsigned", async () => unsigned({ sourcing_id: await inner() }), 401, "invalid_token"],
    [
      "unsigned inside",
      () => forged({ sourcing_id: unsigned({ sourcing_id: current().source }) }, keys().shared),
      401,
      "invalid_token",
    ],
    [
      "with its layers swapped",
      async () =>
        forged(
          { sourcing_id: await forged({ sourcing_id: current().source }, keys().shared) },
          keys().analytics,
        ),
      401,
      "invalid_token",
    ],
    ["its inner layer alone", () => inner(), 401, "invalid_token"],
    ["without an inner layer", () => forged({}, keys().shared), 400, "invalid_token_payload"],
    [
      "without a source",
      async () => forged({ sourcing_id: await forged({}, keys().analytics) }, keys().shared),
      400,
      "invalid_token_payload",
    ],
    [
      "with a source that is no number",
      async () =>
        forged({ sourcing_id: await forged({ sourcing_id: "1" }, keys().analytics) }, keys().shared),
      400,
      "invalid_token_payload",
    ],
  ];

  const calls: [string, () => SentCall][] = [
    ["POST /feed-raw-data", feed],
    ["POST /crawling-finished", finished],
    ["POST /source-measurement", () => measurementOf("refused")],
    ["GET /source-measurement", () => ({ method: "GET", path: "/source-measurement" })],
    [
      "GET /source-measurement/:id",
      () => ({ method: "GET", path: `/source-measurement/${current().measurement}` }),
    ],
    [
      "PUT /source-measurement/:id",
      () => ({ method: "PUT", path: `/source-measurement/${current().measurement}`, body: { type: "text" } }),
    ],
    [
      "DELETE /source-measurement/:id",
      () => ({ method: "DELETE", path: `/source-measurement/${current().measurement}` }),
    ],
    ["POST /new-company", newCompany],
  ];

  test.each(badTokens)("%s", async (_what, make, status, code) => {
    const bad = await make();
    for (const [, sent] of calls) await expectRefused({ ...sent(), token: bad }, status, code);
  });

  test("another source's: it may do nothing to this source", async () => {
    const foreign = await tokenFor({ sourceId: current().otherSource });
    await expectRefused({ ...finished(), token: foreign }, 403, "forbidden");
    await expectRefused({ ...measurementOf("foreign"), token: foreign }, 403, "forbidden");
    const path = `/source-measurement/${current().measurement}`;
    await expectRefused({ method: "GET", path, token: foreign }, 403, "forbidden");
    await expectRefused({ method: "PUT", path, body: { type: "text" }, token: foreign }, 403, "forbidden");
    await expectRefused({ method: "DELETE", path, token: foreign }, 403, "forbidden");
    await expectRefused(
      {
        path: "/source-measurement",
        body: {
          source_module_id: current().otherSource,
          type: "int",
          measurement_name: "x",
          parent_measurement_id: current().measurement,
        },
        token: foreign,
      },
      422,
    );
  });

  test("another task's", async () => {
    const { source, task, company } = current();
    const foreign = await tokenFor({ sourceId: source, taskId: task + 1, companyId: company, attempt: 1 });
    await expectRefused({ ...finished(), token: foreign }, 403, "forbidden");
  });

  test("that of a source that is gone", async () => {
    const gone = await tokenFor({ sourceId: 2_000_000_000 });
    await expectRefused({ ...feed(), token: gone }, 404, "not_found");
    await expectRefused({ ...newCompany(), token: gone }, 404, "not_found");
    const body = { source_module_id: 2_000_000_000, type: "int", measurement_name: "x" };
    await expectRefused({ path: "/source-measurement", body, token: gone }, 404, "not_found");
  });

  test("the bare token is as good as one that is said to be the bearer's", async () => {
    const { status } = await send({
      ...measurementOf("stars"),
      headers: { Authorization: current().token },
    });
    expect(status).toBe(201);
  });
});
