import { beforeEach, expect, jest, test } from "@jest/globals";
import { logger } from "firebase-functions/logger";
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
  listCompanies.mockReset().mockResolvedValue({
    companies: [
      { name: "TestOrg", domains: ["test.com"] },
      { name: "Known", domains: [] },
      { name: null, domains: ["nameless.com"] },
    ],
    refused: [],
  });
});

test("the companies of the active CRMs that are new are registered, in the name of who asked", async () => {
  await insertSource(db, { name: "github" });
  await insertSource(db, { name: "affinity" });
  await insertSource(db, { name: "Affinity", isActive: false });
  await insertCompany(db, "Known");
  expect(await run()).toMatchObject({
    created: [{ name: "TestOrg" }, { name: "nameless.com" }],
    refused: [],
  });
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
  const imports = await Promise.all([run(), run(), run()]);
  expect(imports.flatMap(({ created }) => created)).toHaveLength(3);
  expect(await run()).toEqual({ created: [], refused: [] });
});

test("without a CRM there is nothing to do", async () => {
  await insertSource(db, { name: "github" });
  expect(await run()).toEqual({ created: [], refused: [] });
  expect(asked).toEqual([]);
});

test("an odd entry is left out with its reason, and those after it are registered", async () => {
  await insertSource(db, { name: "affinity" });
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
  expect(created).toMatchObject([{ name: "Half \ufffd  a name" }, { name: "Last" }]);
  expect(refused).toEqual([
    "entry 3: expected object, received null",
    " : A company needs a name or a domain",
    "without a name: A company needs a name or a domain",
    `${"x".repeat(49)}…: A company's name has at most 1000 characters`,
  ]);
});

test("a CRM that fails is said to have failed, not in its words, and does not stop the next", async () => {
  await insertSource(db, { name: "affinity" });
  listCompanies.mockRejectedValue(new ModuleError("HttpStatus401", "It answered 401", { retryable: false }));
  await insertSource(db, { name: "other", additionalParams: { names_its_companies: true } });
  const warned = jest.spyOn(logger, "warn").mockImplementation(() => undefined);
  await expect(run()).rejects.toMatchObject({
    status: 502,
    message: "The CRM's companies could not be read",
  });
  expect(asked).toEqual(["affinity", "other"]);
  expect(warned.mock.calls.map(([, ids]) => ids)).toContainEqual(
    expect.objectContaining({ reason: "It answered 401" }),
  );
  warned.mockRestore();
});
