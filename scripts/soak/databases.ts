import pg from "pg";

/** The database that the functions use. */
const CURRENT = "soak";
/** As the migrations leave it, to make others of. */
const MIGRATED = "soak_migrated";

// What is committed must outlast a crash of the server. It outlasts that of the machine in production only.
const DURABLE = `alter database ${CURRENT} set synchronous_commit = on`;

/** Makes the database that the stack is to migrate. @returns its address */
export async function makeDatabase(serverUrl: string): Promise<string> {
  await run(serverUrl, `create database ${CURRENT}`, DURABLE);
  return address(serverUrl, CURRENT);
}

/** Keeps a copy of the migrated database, before anything is in it. */
export async function keepMigrated(serverUrl: string): Promise<void> {
  await run(serverUrl, `create database ${MIGRATED} template ${CURRENT}`);
}

let runs = 0;
// More than a run counts up to.
const NUMBERS_A_RUN = 1_000_000;

// Numbers go on where those of the run before cannot have come to: tasks are named by them, and the queues remember
// the names.
const continueNumbers = (after: number) => `
  do $$
  declare
    one record;
  begin
    for one in select schemaname, sequencename from pg_sequences loop
      perform setval(format('%I.%I', one.schemaname, one.sequencename)::regclass, ${after});
    end loop;
  end $$`;

/** Puts an empty database in the place of the one that a run has filled, behind the back of the functions. */
export async function startAfresh(serverUrl: string): Promise<void> {
  await run(
    serverUrl,
    `alter database ${CURRENT} allow_connections false`,
    `drop database ${CURRENT} with (force)`,
    `create database ${CURRENT} template ${MIGRATED}`,
    DURABLE,
  );
  runs += 1;
  await run(address(serverUrl, CURRENT), continueNumbers(runs * NUMBERS_A_RUN));
}

function address(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}

async function run(url: string, ...statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
