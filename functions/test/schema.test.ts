import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Pool } from "pg";
import { z } from "zod";
import { describeSchema } from "../../scripts/stack/describeSchema.ts";
import { migrate } from "../../scripts/stack/migrate.ts";
import { type Database, databaseOf, openPool, selectRows } from "../src/platform/postgres.ts";
import { CONTRACT_ENUMS, CONTRACT_TABLES, type ContractTable } from "./contractTables.ts";
import { createDatabase, databaseUrl, dropDatabase, testServer } from "./database.ts";

const { serverUrl } = testServer();
const tableNames = Object.keys(CONTRACT_TABLES);

/** Two databases that end alike: ours from nothing, and one that Prisma had made before. */
const databases = { "an empty database": open(), "a database that Prisma has made": open() };

function open() {
  const name = `parma_schema_${randomBytes(6).toString("hex")}`;
  return { name, url: databaseUrl(serverUrl, name), pool: noPool() };
}

beforeAll(async () => {
  for (const [kind, database] of Object.entries(databases)) {
    await createDatabase(serverUrl, database.name);
    database.pool = await openPool({ DATABASE_URL: database.url });
    if (kind.includes("Prisma")) await database.pool.query(prismaMigration());
    await migrate(database.url);
  }
});

afterAll(async () => {
  for (const { name, pool } of Object.values(databases)) {
    await pool?.end();
    await dropDatabase(serverUrl, name);
  }
});

test("sql/schema.sql says what the migrations make (`scripts/dev migrate --describe` writes it anew)", async () => {
  expect(await describeSchema(databases["an empty database"].url)).toBe(
    await readFile(join(__dirname, "../../sql/schema.sql"), "utf8"),
  );
});

describe.each(Object.entries(databases))("on %s", (_kind, database) => {
  const db = (): Database => {
    if (database.pool === undefined) throw new Error("not open");
    return databaseOf(database.pool);
  };

  test("migrating again changes nothing", async () => {
    expect(await migrate(database.url)).toEqual({ applied: [], missingRoles: [] });
  });

  test.each(Object.entries(CONTRACT_ENUMS))("enum %s has its labels in order", async (name, labels) => {
    const rows = await selectRows(
      db(),
      z.object({ label: z.string() }),
      `select enumlabel as label from pg_enum where enumtypid = $1::regtype order by enumsortorder`,
      [name],
    );
    expect(rows.map(({ label }) => label)).toEqual(labels);
  });

  test.each(tableNames)("table %s has its columns, and ours beside them can be left out", async (name) => {
    const columns = await columnsOf(db(), name);
    const contract = Object.entries(CONTRACT_TABLES[name]?.columns ?? {}).map(([column, text]) => ({
      column,
      ...expectedColumn(text),
    }));
    const added = columns.filter(({ column }) => !contract.some((wanted) => wanted.column === column));
    expect(columns.filter((column) => !added.includes(column))).toEqual(
      contract.sort((a, b) => (a.column < b.column ? -1 : 1)),
    );
    expect(added.filter(({ nullable, hasDefault }) => !nullable && !hasDefault)).toEqual([]);
  });

  test.each(tableNames)("table %s has its keys", async (name) => {
    const table = CONTRACT_TABLES[name];
    const keys = await selectRows(
      db(),
      z.object({ definition: z.string() }),
      `select pg_get_constraintdef(oid) as definition from pg_constraint
        where conrelid = ('public.' || quote_ident($1))::regclass and contype in ('p', 'f') order by 1`,
      [name],
    );
    expect(keys.map(({ definition }) => definition.replaceAll('"', ""))).toEqual(expectedKeys(table));

    const unique = await selectRows(
      db(),
      z.object({ indexname: z.string() }),
      `select indexname from pg_indexes where schemaname = 'public' and tablename = $1`,
      [name],
    );
    const names = unique.map(({ indexname }) => indexname);
    for (const columns of table?.unique ?? []) expect(names).toContain(`${name}_${columns.join("_")}_key`);
  });

  test("a company and a data source are linked once, whichever comes first", async () => {
    const connection = db();
    await connection.query("insert into company (name, modified_at) values ('First', now())");
    await connection.query(
      `insert into data_source (source_name, is_active, frequency, health_status, modified_at)
       values ('between', true, 'DAILY', 'UP', now())`,
    );
    await connection.query("insert into company (name, modified_at) values ('Second', now())");
    const { rows } = await connection.query(
      `select c.name, l.is_data_source_active, l.health_status
         from company_data_source l join company c on c.id = l.company_id order by c.id`,
    );
    expect(rows).toEqual([
      { name: "First", is_data_source_active: true, health_status: "UP" },
      { name: "Second", is_data_source_active: true, health_status: "UP" },
    ]);
  });
});

const columnRow = z
  .object({ column: z.string(), type: z.string(), nullable: z.boolean(), default: z.string().nullable() })
  .transform(({ column, type, nullable, default: value }) => ({
    column,
    type,
    nullable,
    hasDefault: value !== null,
  }));

function columnsOf(db: Database, table: string) {
  return selectRows(
    db,
    columnRow,
    `select a.attname as column, format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as nullable,
            pg_get_expr(d.adbin, d.adrelid) as default
       from pg_attribute a
       left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attrelid = ('public.' || quote_ident($1))::regclass and a.attnum > 0 and not a.attisdropped
      order by a.attname collate "C"`,
    [table],
  );
}

function expectedColumn(text: string) {
  const [type = "", value] = text.split(" = ");
  const plain = type.replace("?", "");
  return {
    type: plain === "serial" ? "integer" : plain.replace("timestamp(3)", "timestamp(3) without time zone"),
    nullable: type.endsWith("?"),
    hasDefault: plain === "serial" || value !== undefined,
  };
}

function expectedKeys(table: ContractTable | undefined): string[] {
  const foreign = Object.entries(table?.foreignKeys ?? {}).map(
    ([column, [target, targetColumn, onDelete]]) =>
      `FOREIGN KEY (${column}) REFERENCES ${target}(${targetColumn}) ON UPDATE CASCADE ON DELETE ${onDelete}`,
  );
  return [...foreign, `PRIMARY KEY (${table?.primaryKey.join(", ")})`].toSorted(byCodeUnits);
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : 1;
}

/** What `prisma migrate deploy` and the web application's manual step leave behind, in Prisma's style. */
function prismaMigration(): string {
  const quote = (name: string) => `"${name}"`;
  const enums = Object.entries(CONTRACT_ENUMS).map(
    ([name, labels]) =>
      `CREATE TYPE ${quote(name)} AS ENUM (${labels.map((label) => `'${label}'`).join(", ")});`,
  );
  const tables = Object.entries(CONTRACT_TABLES).map(([name, table]) => {
    const columns = Object.entries(table.columns).map(([column, text]) => {
      const [type = "", value] = text.split(" = ");
      const nullable = type.endsWith("?") ? "" : " NOT NULL";
      return `${quote(column)} ${type.replace("?", "")}${nullable}${value === undefined ? "" : ` DEFAULT ${value}`}`;
    });
    const key = `CONSTRAINT "${name}_pkey" PRIMARY KEY (${table.primaryKey.map(quote).join(",")})`;
    return `CREATE TABLE ${quote(name)} (${[...columns, key].join(", ")});`;
  });
  const unique = Object.entries(CONTRACT_TABLES).flatMap(([name, table]) =>
    (table.unique ?? []).map(
      (columns) =>
        `CREATE UNIQUE INDEX "${name}_${columns.join("_")}_key" ON ${quote(name)}(${columns.map(quote).join(", ")});`,
    ),
  );
  const foreign = Object.entries(CONTRACT_TABLES).flatMap(([name, table]) =>
    Object.entries(table.foreignKeys ?? {}).map(
      ([column, [target, targetColumn, onDelete]]) =>
        `ALTER TABLE ${quote(name)} ADD CONSTRAINT "${name}_${column}_fkey" FOREIGN KEY (${quote(column)})
         REFERENCES ${quote(target)}(${quote(targetColumn)}) ON DELETE ${onDelete} ON UPDATE CASCADE;`,
    ),
  );
  return [...enums, ...tables, ...unique, ...foreign, MANUAL_MIGRATION].join("\n");
}

const MANUAL_MIGRATION = `
  CREATE OR REPLACE FUNCTION add_company_data_source_relationship() RETURNS TRIGGER AS $$
  BEGIN
    INSERT INTO company_data_source (data_source_id, company_id, is_data_source_active, health_status, modified_at)
    SELECT id, NEW.id, true, 'UP', NOW() FROM data_source;
    RETURN NEW;
  END; $$ LANGUAGE plpgsql;
  CREATE OR REPLACE FUNCTION add_data_source_company_relationship() RETURNS TRIGGER AS $$
  BEGIN
    INSERT INTO company_data_source (data_source_id, company_id, is_data_source_active, health_status, modified_at)
    SELECT NEW.id, id, true, 'UP', NOW() FROM company;
    RETURN NEW;
  END; $$ LANGUAGE plpgsql;
  CREATE TRIGGER company_inserted AFTER INSERT ON company
    FOR EACH ROW EXECUTE FUNCTION add_company_data_source_relationship();
  CREATE TRIGGER data_source_inserted AFTER INSERT ON data_source
    FOR EACH ROW EXECUTE FUNCTION add_data_source_company_relationship();`;

function noPool(): Pool | undefined {
  return undefined;
}
