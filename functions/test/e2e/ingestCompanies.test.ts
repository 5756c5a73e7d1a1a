import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { insertSource } from "../rows.ts";
import { call, tokenFor } from "./calls.ts";
import { runningStack } from "./runningStack.ts";

jest.setTimeout(120_000);

let stack: Awaited<ReturnType<typeof runningStack>>;
beforeAll(async () => {
  stack = await runningStack();
});
afterAll(() => stack.close());

test("a module's new company is registered once", async () => {
  const source = await insertSource(stack.db, { name: "new-companies", isActive: false });
  const token = await tokenFor({ sourceId: source });
  const found = { id: 77, company_name: "Newly found", description: "What it does", added_by: 2_000_000_000 };
  const register = async () => {
    const { status, answer } = await call(stack.baseUrl, { path: "/new-company", body: found, token });
    expect([status, answer]).toMatchObject([201, { id: 77, company_name: "Newly found" }]);
    return z.object({ company_id: z.number(), return_message: z.string() }).parse(answer);
  };
  const first = await register();
  expect(await register()).toEqual({ ...first, return_message: "Company already exists" });
  await stack.db.query("delete from data_source where id = $1", [source]);
});

test("a CRM's company is created once, also when it is fed twice at once", async () => {
  const crm = await insertSource(stack.db, { name: "affinity", isActive: false });
  const token = await tokenFor({ sourceId: crm });
  const raw_data = { id: 5, name: "CRM company", domain: "crm-company.com", domains: ["crm-company.com"] };
  const body = { source_name: "affinity", company_id: "5", raw_data };
  const answers = await Promise.all(
    [1, 2].map(() => call(stack.baseUrl, { path: "/feed-raw-data", body, token })),
  );
  const companies = answers.map(
    ({ answer }) => z.object({ company_id: z.string() }).parse(answer).company_id,
  );
  expect(new Set(companies).size).toBe(1);
  const { rows } = await stack.db.query("select id::text from company where description = 'crm-company.com'");
  expect(rows).toEqual([{ id: companies[0] }]);
  await stack.db.query("delete from data_source where id = $1", [crm]);
});

test("the web application's import registers what is new in the CRM, once", async () => {
  const crm = await startCrm();
  const source = await insertSource(stack.db, { name: "affinity", endpoint: crm.url });
  const run = (body: unknown) => call(stack.baseUrl, { path: "/crm-companies", body: JSON.stringify(body) });
  // As the web application writes it: a JSON string.
  const message = "The CRM's companies are up to date";
  const upToDate = { status: 200, answer: { message, return_message: message } };
  expect(await run("user_id: 5")).toMatchObject(upToDate);
  expect(await run({ user_id: 5 })).toMatchObject(upToDate);
  await stack.db.query("delete from data_source where id = $1", [source]);
  crm.server.close();
  expect(await run("user_id: 5")).toMatchObject(upToDate);
  const { rowCount } = await stack.db.query("select from company where name = 'From the CRM'");
  expect(rowCount).toBe(1);
});

/** As much of the affinity module as the import asks for. */
async function startCrm(): Promise<{ url: string; server: Server }> {
  const listed = [{ id: 1, name: "From the CRM", domain: "from-the-crm.com", domains: ["from-the-crm.com"] }];
  const server = createServer((request, response) => {
    const isAllowed = request.url === "/all-companies" && request.headers.authorization !== undefined;
    response.writeHead(isAllowed ? 200 : 404, { "Content-Type": "application/json" });
    response.end(JSON.stringify(isAllowed ? listed : { detail: "Not Found" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/`, server };
}
