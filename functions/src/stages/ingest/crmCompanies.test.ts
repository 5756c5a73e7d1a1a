import { beforeEach, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { emptyTables } from "../../../test/emptyTables.ts";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";
import { insertCompany } from "../../../test/rows.ts";
import type { MiningModule } from "../../domain/miningModule/miningModule.ts";
import { ModuleError } from "../../domain/miningModule/moduleError.ts";
import { selectRows } from "../../platform/postgres.ts";
import { importCompanies } from "./crmCompanies.ts";

const db = openTestDatabase();
const now = new Date("2024-05-15T12:00:00Z");

const listCompanies = jest.fn<NonNullable<MiningModule["listCompanies"]>>();
const crm: MiningModule = {
  describe: () => Promise.reject(new Error("not asked for")),
  discover: () => Promise.reject(new Error("not asked for")),
  mine: () => Promise.reject(new Error("not asked for")),
  listCompanies,
};
const run = () => importCompanies({ db, module: crm }, { askedBy: 5, now });

beforeEach(async () => {
  await emptyTables(db);
  await db.query(`insert into "user" (id, auth_id, name, modified_at) values (5, 'a', 'A', now())`);
  listCompanies.mockReset().mockResolvedValue({
    companies: [
      { name: "TestOrg", domains: ["test.com"] },
      { name: "Known", domains: [] },
      { name: null, domains: ["nameless.com"] },
    ],
    refused: [],
  });
});

test("the companies of a CRM that are new are registered, in the name of who asked", async () => {
  await insertCompany(db, "Known");
  expect(await run()).toEqual({ created: 2, refused: [] });
  const { rows } = await db.query("select name, added_by from company order by id");
  expect(rows).toEqual([
    { name: "Known", added_by: null },
    { name: "TestOrg", added_by: 5 },
    { name: "nameless.com", added_by: 5 },
  ]);
});

test("again, and three times at once, there are no more", async () => {
  const imports = await Promise.all([run(), run(), run()]);
  expect(imports.reduce((sum, { created }) => sum + created, 0)).toBe(3);
  expect(await run()).toEqual({ created: 0, refused: [] });
});

test("an odd entry is left out with its reason, and those after it are registered", async () => {
  listCompanies.mockResolvedValue({
    companies: [
      { name: " ", domains: [] },
      { name: null, domains: [`${"a.".repeat(1500)}com`] },
      { name: "x".repeat(1001), domains: [] },
      { name: "Half \ud800 \0 a name", domains: ["not a \0 host", "\udfff.com"] },
      { name: "Last", domains: ["last.com"] },
    ],
    refused: ["entry 3: expected object, received null"],
  });
  const { created, refused } = await run();
  expect(created).toBe(2);
  const names = await selectRows(db, z.object({ name: z.string() }), "select name from company order by id");
  expect(names).toEqual([{ name: "Half \ufffd  a name" }, { name: "Last" }]);
  expect(refused).toEqual([
    "entry 3: expected object, received null",
    "without a name: A company needs a name or a domain",
    "without a name: A company needs a name or a domain",
    `${"x".repeat(49)}…: A company's name has at most 1000 characters`,
  ]);
});

test("of many odd entries the first are listed, each cut", async () => {
  const companies = Array.from({ length: 500 }, () => ({ name: "x".repeat(100_000), domains: [] }));
  listCompanies.mockResolvedValue({ companies, refused: [] });
  const { refused } = await run();
  expect(refused).toHaveLength(20);
  expect(JSON.stringify(refused).length).toBeLessThan(4_000);
});

test("a CRM that fails leaves what was registered", async () => {
  listCompanies.mockRejectedValue(new ModuleError("HttpStatus401", "It answered 401", { retryable: false }));
  await expect(run()).rejects.toThrow(ModuleError);
});
