import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { z } from "zod";
import { type TestDatabase, testDatabase } from "../database.ts";
import { foundSchema } from "./found.ts";

type Found = z.output<typeof foundSchema>[number];

const ROOT = join(__dirname, "../../..");
// The same as the benchmark creates for itself.
const BENCHMARK_TABLE =
  "create table sample (source_id int, company_id int, value_type text, company_measurement_id int, item_key text, value text)";

let database: TestDatabase | undefined;
let owner: pg.Client;
let functions: pg.Client;
const login = `functions_${randomBytes(6).toString("hex")}`;

beforeAll(async () => {
  database = await testDatabase();
  owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
  await owner.query(`create role ${login} login password 'statements' in role parma_functions`);
  await owner.query(BENCHMARK_TABLE);
  const url = new URL(database.url);
  url.username = login;
  url.password = "statements";
  functions = new pg.Client({ connectionString: url.href });
  await functions.connect();
});

afterAll(async () => {
  await functions.end();
  await owner.query(`drop role ${login}`);
  await owner.end();
  await database?.drop();
});

describe("every statement", () => {
  let found: Found[] = [];
  beforeAll(async () => {
    found = await collect(ROOT, ["functions/src/**/*.ts", "scripts/*/**/*.ts"]);
  }, 60_000);

  test("of the functions fits the schema, and their role may run it", async () => {
    const own = found.filter(({ file }) => file.startsWith("functions/"));
    expect(own.length).toBeGreaterThan(200);
    expect(await faultsOf(own, functions)).toEqual([]);
  });

  test("of the scripts fits the schema", async () => {
    const own = found.filter(({ file }) => file.startsWith("scripts/"));
    expect(own.length).toBeGreaterThan(50);
    expect(await faultsOf(own, owner)).toEqual([]);
  });
});

test("every check of the data fits the schema, and the functions' role may run it", async () => {
  const files = globSync("functions/checks/*.sql", { cwd: ROOT });
  expect(files.length).toBeGreaterThan(5);
  // With the types of the parameters that every check is given.
  const textOf = (file: string) =>
    `with finding as (${readFileSync(join(ROOT, file), "utf8")}\n) select from finding where $1::timestamp > $2::timestamp`;
  const found = files.map((file) => ({ file, line: 1, texts: [textOf(file)] }));
  expect(await faultsOf(found, functions)).toEqual([]);
});

const FAULTY: [what: string, source: string, fault: string][] = [
  ["a misspelt column", 'export const A = "select nmae from company";', 'column "nmae" does not exist'],
  ["one in capitals", 'const A = "SELECT NMAE FROM company";', 'column "nmae" does not exist'],
  ["one in a function", 'export function a() {\n  return "delete from company where idd = $1";\n}', "idd"],
  [
    "one in what a statement is composed of",
    `const named = (it: string) => \`lower(\${it}.nmae)\`;
const A = \`\n  select from company where \${named("company")} = $1\`;`,
    "nmae",
  ],
  [
    "one after what is composed",
    `const A = "select id from company";
const B = \`\${A}\n where nmae = $1\`;`,
    "nmae",
  ],
  ["a type that does not fit", 'const A = "update company set id = $1::text";', "is of type integer"],
  [
    "a statement that the role may not run",
    'const A = "truncate company";\nconst B = "delete from pipeline.migration";',
    "permission denied",
  ],
  [
    "one that is known in a call only, and has no sample",
    `export function a(table: string) {
  return \`delete from \${table} where idd = 1\`;
}`,
    "no sample",
  ],
];

describe("finds", () => {
  let folder = "";
  let found: Found[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "parma-statements-"));
    await Promise.all(FAULTY.map(([, source], i) => writeFile(join(folder, `module${i}.ts`), source)));
    found = await collect(folder, ["*.ts"]);
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each(FAULTY.map(([what, , fault], i) => [what, fault, `module${i}.ts`]))(
    "%s",
    async (_, fault, module) => {
      const own = found.filter(({ file }) => file === module);
      expect(await faultsOf(own, functions)).toEqual([expect.stringContaining(fault)]);
    },
  );
});

async function collect(root: string, patterns: string[]): Promise<Found[]> {
  const program = join(__dirname, "collect.ts");
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", program, root, ...patterns],
    { cwd: dirname(program), maxBuffer: 2 ** 24 },
  );
  return foundSchema.parse(JSON.parse(stdout));
}

/** What is wrong with statements: each is parsed and planned, which also checks privileges, and not run. */
async function faultsOf(found: readonly Found[], client: pg.Client): Promise<string[]> {
  const texts = [...new Set(found.flatMap((one) => one.texts))];
  const isPart = (text: string) => texts.some((other) => other !== text && other.includes(text.trim()));
  const faults: string[] = [];
  for (const { file, line, texts: own } of found) {
    const reasons = own.length === 0 ? ["no sample in samples.ts says what it is composed of"] : [];
    for (const text of own) if (!isPart(text)) reasons.push(...(await faultOf(text, client)));
    faults.push(...reasons.map((reason) => `${file}:${line}: ${reason}`));
  }
  return faults;
}

const parameters = z.tuple([z.object({ count: z.int() })]);

async function faultOf(text: string, client: pg.Client): Promise<string[]> {
  try {
    await client.query(`prepare statement as ${text}`);
    const { rows } = await client.query(
      "select cardinality(parameter_types) as count from pg_prepared_statements where name = 'statement'",
    );
    const [{ count }] = parameters.parse(rows);
    await client.query(
      `explain execute statement${count === 0 ? "" : `(${Array(count).fill("null").join()})`}`,
    );
    return [];
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    return [error.message];
  } finally {
    await client.query("deallocate all");
  }
}
