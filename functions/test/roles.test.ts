import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { z } from "zod";
import { migrate } from "../../scripts/stack/migrate.ts";
import { openPool } from "../src/platform/postgres.ts";
import { createDatabase, databaseUrl, dropDatabase, testServer } from "./database.ts";
import { insertCompany, insertSource, insertTask } from "./rows.ts";

const PASSWORD = "roles";
const DENIED = "42501";

describe("as login roles that were granted membership", () => {
  const { serverUrl } = testServer();
  const suffix = randomBytes(6).toString("hex");
  const database = `parma_roles_${suffix}`;
  const owner = `owner_${suffix}`;
  const functions = `functions_${suffix}`;
  const reader = `reader_${suffix}`;
  const urlOf = (user: string) => urlAs(databaseUrl(serverUrl, database), user);
  const tables: string[] = [];

  beforeAll(async () => {
    await createDatabase(serverUrl, database);
    await run(serverUrl, [
      `create role ${owner} login createrole password '${PASSWORD}'`,
      `alter database ${database} owner to ${owner}`,
      `create role ${functions} login password '${PASSWORD}'`,
      `create role ${reader} login password '${PASSWORD}'`,
    ]);
    // What the web application keeps beside the tables that it shares.
    await run(urlOf(owner), ["create table public.session (id serial, token text)"]);
    await run(databaseUrl(serverUrl, database), ["create table public.not_ours (id serial)"]);
    await migrate(urlOf(owner));
    await run(serverUrl, [`grant parma_functions to ${functions}`, `grant parma_readonly to ${reader}`]);
    const { rows } = await run(urlOf(owner), [
      `select format('%I.%I', schemaname, tablename) as name from pg_tables
        where schemaname in ('public', 'pipeline') and tablename not in ('session', 'not_ours') order by 1`,
    ]);
    tables.push(
      ...z
        .array(z.object({ name: z.string() }))
        .parse(rows)
        .map(({ name }) => name),
    );
    expect(tables.length).toBeGreaterThan(60);
  }, 60_000);

  afterAll(async () => {
    await dropDatabase(serverUrl, database);
    await run(serverUrl, [`drop role ${owner}, ${functions}, ${reader}`]);
  });

  test("the functions add, change and remove rows, through triggers too", async () => {
    const pool = await openPool({ DATABASE_URL: urlOf(functions) });
    try {
      const source = await insertSource(pool);
      const company = await insertCompany(pool, "Acme");
      // Two triggers of the web application write company_data_source in the name of whoever inserts.
      const linked = await pool.query("select from company_data_source where company_id = $1", [company]);
      expect(linked.rowCount).toBe(1);
      const task = await insertTask(pool, source, { status: "SUCCESS" });
      // Refused by the state model: the trigger keeps that in a table of its own.
      const refused = await pool.query("update scheduled_task set status = 'PROCESSING' where task_id = $1", [
        task,
      ]);
      expect(refused.rowCount).toBe(0);
      expect((await pool.query("select from pipeline.refused_transition")).rowCount).toBe(1);
      expect((await pool.query("delete from data_source where id = $1", [source])).rowCount).toBe(1);
    } finally {
      await pool.end();
    }
  });

  test.each([
    "create table public.mine (id int)",
    "create table pipeline.mine (id int)",
    "create schema mine",
    "alter table company add column mine int",
    "truncate pipeline.finding",
    "insert into pipeline.migration (name, run_on) values ('0099_mine', now())",
    "delete from pipeline.state_transition",
    "select from session",
    "select nextval('session_id_seq')",
    "select pipeline.grant_access()",
  ])("the functions may not: %s", async (statement) => {
    await expect(run(urlOf(functions), [statement])).rejects.toMatchObject({ code: DENIED });
  });

  test("a reader reads every table and view, and writes none", async () => {
    const writable: string[] = [];
    for (const table of tables) {
      await run(urlOf(reader), [`select from ${table} limit 0`]);
      for (const statement of [`delete from ${table} where false`, `insert into ${table} default values`]) {
        const outcome = await run(urlOf(reader), [statement]).catch((error: unknown) => error);
        if (!(outcome instanceof pg.DatabaseError && outcome.code === DENIED)) writable.push(statement);
      }
    }
    expect(writable).toEqual([]);
    await run(urlOf(reader), ["select from pipeline.stored_value limit 0"]);
    await expect(run(urlOf(reader), ["select from session"])).rejects.toMatchObject({ code: DENIED });
    await expect(run(urlOf(reader), ["create table public.mine (id int)"])).rejects.toMatchObject({
      code: DENIED,
    });
  });

  test("a table that a later migration adds is open at once", async () => {
    await run(urlOf(owner), ["create table pipeline.later (id serial primary key, note text)"]);
    await run(urlOf(functions), [
      "insert into pipeline.later (note) values ('x')",
      "delete from pipeline.later",
    ]);
    await run(urlOf(reader), ["select from pipeline.later"]);
    await expect(run(urlOf(reader), ["delete from pipeline.later"])).rejects.toMatchObject({ code: DENIED });
  });
});

describe("on a cluster of its own", () => {
  let server: OwnServer | undefined;
  const url = () => server?.url ?? "";
  beforeAll(async () => {
    server = await startOwnServer();
  }, 60_000);
  afterAll(() => server?.stop());

  test("a user who may not create roles migrates all the same, and hears which are missing", async () => {
    await run(url(), [`create role plain login password '${PASSWORD}'`, "create database plain owner plain"]);
    const plainUrl = urlAs(databaseUrl(url(), "plain"), "plain");
    expect(await migrate(plainUrl)).toMatchObject({ missingRoles: ["parma_functions", "parma_readonly"] });
    await run(url(), ["create role parma_functions", "create role parma_readonly"]);
    expect(await migrate(plainUrl)).toEqual({ applied: [], missingRoles: [] });
    await run(url(), [`create role caller login password '${PASSWORD}' in role parma_functions`]);
    await run(urlAs(plainUrl, "caller"), ["select from pipeline.finding", "delete from company"]);
    await run(url(), ["drop database plain", "drop role parma_functions, parma_readonly"]);
  });

  test("a user who owns nothing there hears that only the grants are missing", async () => {
    await run(url(), [
      `create role deputy login password '${PASSWORD}'`,
      "create database deputy owner postgres",
    ]);
    const ownerUrl = databaseUrl(url(), "deputy");
    await migrate(ownerUrl);
    await run(ownerUrl, [
      "grant create on database deputy to deputy",
      "grant usage, create on schema pipeline to deputy",
      "grant select, insert, update on all tables in schema pipeline to deputy",
    ]);
    await expect(migrate(urlAs(ownerUrl, "deputy"))).rejects.toThrow(
      /^The migrations were applied, but .* permission denied for function grant_access/,
    );
    await run(url(), ["drop database deputy", "drop role parma_functions, parma_readonly"]);
  });

  test("databases that are migrated at once share the roles", async () => {
    const names = ["first", "second", "third"];
    for (const name of names) await createDatabase(url(), name);
    const results = await Promise.all(names.map((name) => migrate(databaseUrl(url(), name))));
    expect(results.map(({ missingRoles }) => missingRoles)).toEqual([[], [], []]);
    await run(url(), [`create role member login password '${PASSWORD}' in role parma_functions`]);
    for (const name of names) {
      await run(urlAs(databaseUrl(url(), name), "member"), ["select from pipeline.finding"]);
    }
  });
});

interface OwnServer {
  readonly url: string;
  stop(): Promise<unknown>;
}

/** In a process of its own, as the package with the server does not load inside Jest. It ends with its input. */
async function startOwnServer(): Promise<OwnServer> {
  const module = join(__dirname, "../../scripts/stack/postgres.ts");
  const program = `
    const { startPostgres } = await import(${JSON.stringify(module)});
    const { url, stop } = await startPostgres("");
    console.log(url);
    process.stdin.resume().on("end", stop);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const firstLine: Promise<string> = once(createInterface(child.stdout), "line").then(([line]) =>
    String(line),
  );
  const url = await Promise.race([firstLine, exited.then(() => "")]);
  if (url === "") throw new Error("The server did not start: see above");
  const stop = () => {
    child.stdin.end();
    return exited;
  };
  return { url, stop };
}

function urlAs(address: string, user: string): string {
  const url = new URL(address);
  url.username = user;
  url.password = PASSWORD;
  return url.href;
}

/** Runs statements on a connection of their own; the last one's result. */
async function run(url: string, statements: string[]): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements.slice(0, -1)) await client.query(statement);
    return await client.query(statements.at(-1) ?? "select");
  } finally {
    await client.end();
  }
}
