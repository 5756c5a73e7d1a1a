import { beforeEach, describe, expect, test } from "@jest/globals";
import { emptyTables } from "../../../test/emptyTables.ts";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";
import { insertCompany, insertSource } from "../../../test/rows.ts";
import { ApiError } from "../../platform/apiError.ts";
import { type NamedCompany, registerCompany } from "./registerCompany.ts";

const db = openTestDatabase();
const now = new Date("2024-05-15T12:00:00Z");
beforeEach(async () => {
  await emptyTables(db);
});

const register = (company: Partial<NamedCompany>) => registerCompany(db, { domains: [], ...company }, now);
const companies = async () =>
  (await db.query("select id, name, description, added_by, modified_at from company order by id")).rows;
const domains = async () =>
  (await db.query("select domain, company_id from pipeline.company_domain order by domain")).rows;

test("a new company gets its domain as description, its domains remembered, and a link to every source", async () => {
  const source = await insertSource(db);
  const { id, created } = await register({ name: " TestOrg ", domains: ["test.com", "test.de", "test.com"] });
  expect(created).toBe(true);
  expect(await companies()).toEqual([
    { id, name: "TestOrg", description: "test.com", added_by: null, modified_at: now },
  ]);
  expect(await domains()).toEqual([
    { domain: "test.com", company_id: id },
    { domain: "test.de", company_id: id },
  ]);
  const links = await db.query("select data_source_id, company_id from company_data_source");
  expect(links.rows).toEqual([{ data_source_id: source, company_id: id }]);
});

describe("a company that is there is found", () => {
  test("by any of its domains, whatever it is called now", async () => {
    const { id } = await register({ name: "Old name", domains: ["test.com", "test.de"] });
    const found = await register({ name: "New name", domains: ["https://www.Test.DE/about", "test.io"] });
    expect(found).toEqual({ id, name: "Old name", created: false, isAmbiguous: false });
    expect(await register({ domains: ["test.io"] })).toMatchObject({ id, created: false });
    expect(await companies()).toHaveLength(1);
  });

  test("by the domain that an earlier backend kept in the description", async () => {
    const id = await insertCompany(db, "TestOrg GmbH");
    await db.query("update company set description = 'Test.com' where id = $1", [id]);
    expect(await register({ name: "TestOrg", domains: ["test.com"] })).toMatchObject({ id, created: false });
  });

  test("by its name, in any case", async () => {
    const id = await insertCompany(db, "TestOrg");
    expect(await register({ name: "TESTORG", domains: ["test.com"] })).toMatchObject({ id, created: false });
    expect(await domains()).toEqual([{ domain: "test.com", company_id: id }]);
  });

  test("by domain before name", async () => {
    const named = await insertCompany(db, "Apollo");
    const other = await register({ name: "Apollo Global", domains: ["apollo.com"] });
    expect(await register({ name: "Apollo", domains: ["apollo.com"] })).toMatchObject({ id: other.id });
    expect(named).not.toBe(other.id);
  });
});

test("without a name it is called by its domain, without a domain it has none", async () => {
  expect(await register({ name: null, domains: ["test.com"] })).toMatchObject({
    name: "test.com",
    created: true,
  });
  expect(await register({ name: "Nameless", domains: ["", "not a domain", "localhost"] })).toMatchObject({
    created: true,
  });
  expect(await domains()).toHaveLength(1);
});

test.each([[{ name: null }], [{ name: "  " }], [{ name: "\0", domains: ["x"] }]])(
  "nothing is created of %j",
  async (company) => {
    await expect(register(company)).rejects.toThrow(ApiError);
    expect(await companies()).toEqual([]);
  },
);

test("who added it is kept, as long as he is there", async () => {
  await db.query(`insert into "user" (id, auth_id, name, modified_at) values (5, 'a', 'A', now())`);
  await register({ name: "A", addedBy: 5, description: "What it does" });
  await register({ name: "B", addedBy: 6 });
  expect(await companies()).toMatchObject([
    { name: "A", added_by: 5, description: "What it does" },
    { name: "B", added_by: null },
  ]);
});

test("twenty at once that mean the same company get the same one", async () => {
  const asked: Partial<NamedCompany>[] = [
    { name: "TestOrg", domains: ["test.com"] },
    { name: "testorg", domains: ["test.de", "test.com"] },
    { name: "TESTORG" },
    { domains: ["test.com", "test.de"] },
  ];
  // The last has no name: it must find the first by a domain, so that one comes first.
  await register({ name: "Someone else", domains: ["else.com"] });
  const registered = await Promise.all(
    Array.from({ length: 20 }, (_, index) => register(asked[index % 3] ?? {})),
  );
  registered.push(await register(asked[3] ?? {}));
  expect(new Set(registered.map(({ id }) => id)).size).toBe(1);
  expect(registered.filter(({ created }) => created)).toHaveLength(1);
  expect(await companies()).toHaveLength(2);
});

describe("two domains are two companies", () => {
  test("whatever they are called; a name without a domain is then none of them", async () => {
    const com = await register({ name: "Mercury", domains: ["mercury.com"] });
    const io = await register({ name: "Mercury", domains: ["mercury.io"] });
    expect(io).toMatchObject({ created: true, isAmbiguous: false });
    expect(await register({ name: "Mercury Bank", domains: ["www.mercury.com"] })).toMatchObject({
      id: com.id,
    });
    const third = await register({ name: "mercury" });
    expect(third).toMatchObject({ created: true, isAmbiguous: true });
    expect(await register({ name: "MERCURY." })).toMatchObject({ id: third.id, created: false });
  });

  test("and a company without a domain gets its first", async () => {
    const { id } = await register({ name: "Mercury" });
    expect(await register({ name: "MERCURY", domains: ["mercury.com"] })).toMatchObject({
      id,
      created: false,
    });
    expect(await register({ name: "Mercury", domains: ["mercury.io"] })).toMatchObject({ created: true });
  });
});

test("domains that many share identify nobody", async () => {
  const names = ["Startup on GitHub", "Other on GitHub", "Gmail founder", "Notion-site startup"];
  const shared = ["github.com", "https://github.com/other", "gmail.com", "startup.notion.so"];
  const registered = await Promise.all(
    names.map((name, index) => register({ name, domains: [shared[index] ?? ""] })),
  );
  expect(registered.map(({ created }) => created)).toEqual([true, true, true, true]);
  expect(await domains()).toEqual([]);
  await db.query("insert into pipeline.company_domain values ('github.com', $1)", [registered[0]?.id]);
  expect(await register({ name: "A third", domains: ["github.com"] })).toMatchObject({ created: true });
  expect(await register({ name: "Startup on GitHub", domains: ["startup.com"] })).toMatchObject({
    id: registered[0]?.id,
  });
});

test("a domain and its punycode are one, and so are its hosts", async () => {
  const { id } = await register({ name: "Müller", domains: ["müller.de"] });
  expect(await register({ name: "Mueller Puny", domains: ["xn--mller-kva.de"] })).toMatchObject({ id });
  expect(await register({ name: "Müller Karriere", domains: ["jobs.müller.de"] })).toMatchObject({ id });
});

test("spellings of one name are one company, also of those that the web application made or renamed", async () => {
  const id = await insertCompany(db, "Zürich  Café AG".normalize("NFD"));
  for (const name of ["Zürich Café AG", "zürich café ag.", "ZÜRICH\u00a0CAFÉ AG", "\u200bZürich Café AG"]) {
    expect(await register({ name })).toMatchObject({ id, created: false });
  }
  await db.query("update company set name = 'Strasse GmbH' where id = $1", [id]);
  expect(await register({ name: "Straße GmbH" })).toMatchObject({ id, created: false });
  expect(await register({ name: "Zürich Café AG" })).toMatchObject({ created: true });
});

test("a name of nothing but dots stands back behind a domain", async () => {
  expect(await register({ name: "．．", domains: ["test.com"] })).toMatchObject({ name: "test.com" });
  const { id } = await register({ name: "．．" });
  expect(await register({ name: "．．" })).toMatchObject({ id, name: "．．", created: false });
  expect(await register({ name: "…" })).toMatchObject({ created: true });
});
