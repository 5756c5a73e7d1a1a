import { beforeEach, expect, jest, test } from "@jest/globals";
import { emptyTables } from "../../../test/emptyTables.ts";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";
import { insertCompany, insertSource } from "../../../test/rows.ts";
import type { MiningModule, ModuleSource } from "../../domain/miningModule/miningModule.ts";
import { ModuleError } from "../../domain/miningModule/moduleError.ts";
import { importCompanies } from "./crmCompanies.ts";

const db = openTestDatabase();
const now = new Date("2024-05-15T12:00:00Z");

const listCompanies = jest.fn<NonNullable<MiningModule["listCompanies"]>>();
const asked: string[] = [];
const moduleFor = (source: ModuleSource): MiningModule => {
  asked.push(source.name);
  return {
    describe: () => Promise.reject(new Error("not asked for")),
    discover: () => Promise.reject(new Error("not asked for")),
    mine: () => Promise.reject(new Error("not asked for")),
    listCompanies,
  };
};
const run = () => importCompanies({ db, moduleFor }, { addedBy: 5, now });

beforeEach(async () => {
  await emptyTables(db);
  await db.query(`insert into "user" (id, auth_id, name, modified_at) values (5, 'a', 'A', now())`);
  asked.length = 0;
  listCompanies.mockReset().mockResolvedValue([
    { name: "TestOrg", domains: ["test.com"] },
    { name: "Known", domains: [] },
    { name: null, domains: ["nameless.com"] },
    { name: null, domains: [] },
  ]);
});

test("the companies of the active CRMs that are new are registered, in the name of who asked", async () => {
  await insertSource(db, { name: "github" });
  await insertSource(db, { name: "affinity" });
  await insertSource(db, { name: "Affinity", isActive: false });
  await insertCompany(db, "Known");
  expect(await run()).toMatchObject([{ name: "TestOrg" }, { name: "nameless.com" }]);
  expect(asked).toEqual(["affinity"]);
  const { rows } = await db.query("select name, added_by from company order by id");
  expect(rows).toEqual([
    { name: "Known", added_by: null },
    { name: "TestOrg", added_by: 5 },
    { name: "nameless.com", added_by: 5 },
  ]);
});

test("again, and three times at once, there are no more", async () => {
  await insertSource(db, { name: "affinity" });
  const created = (await Promise.all([run(), run(), run()])).flat();
  expect(created).toHaveLength(3);
  expect(await run()).toEqual([]);
});

test("without a CRM there is nothing to do", async () => {
  await insertSource(db, { name: "github" });
  expect(await run()).toEqual([]);
  expect(asked).toEqual([]);
});

test("a CRM that fails is said to have failed", async () => {
  await insertSource(db, { name: "affinity" });
  listCompanies.mockRejectedValue(new ModuleError("HttpStatus401", "It answered 401", { retryable: false }));
  await expect(run()).rejects.toMatchObject({
    status: 502,
    message: expect.stringContaining("It answered 401"),
  });
});
