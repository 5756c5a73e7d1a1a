import pg from "pg";
import { databaseOf, openPool, type TransactionalDatabase } from "../../functions/src/platform/postgres.ts";
import { migrate } from "../stack/migrate.ts";
import { startPostgres } from "../stack/postgres.ts";
import { whenStopping } from "../stack/shutdown.ts";

/** A database of a suite's own, with the pool that the functions have. */
export interface BenchDatabase {
  readonly url: string;
  readonly pool: pg.Pool;
  readonly db: TransactionalDatabase;
  /** For COPY, which the functions' pool takes none of: its statements do not wait for each other. */
  readonly copyPool: pg.Pool;
  /** Runs a statement that may take longer than those of the functions. */
  readonly maintain: (statement: string) => Promise<void>;
  /** Closes and removes it. */
  readonly drop: () => Promise<void>;
}

let server: Promise<string> | undefined;
let count = 0;

/** An empty database with the migrations, or a copy of one that nobody is connected to. */
export async function openDatabase(template?: string): Promise<BenchDatabase> {
  server ??= startServer();
  const serverUrl = await server;
  count += 1;
  const name = `parma_bench_${process.pid}_${count}`;
  // Copies files: by the write-ahead log, as is the default, a large database takes minutes.
  await run(serverUrl, `create database ${name} template ${template ?? migrated} strategy file_copy`);
  const url = addressOf(serverUrl, name);
  const pool = await openPool({ DATABASE_URL: url });
  const copyPool = new pg.Pool({ connectionString: url, max: pool.options.max });
  const close = () => Promise.all([pool, copyPool].filter(({ ended }) => !ended).map((one) => one.end()));
  const drop = whenStopping(async () => {
    await close();
    await run(serverUrl, `drop database if exists ${name} with (force)`);
  });
  return { url, pool, db: databaseOf(pool), copyPool, maintain: (statement) => run(url, statement), drop };
}

/** Makes a database one to be copied. @returns its name, for {@link openDatabase} */
export async function closeToCopy({ url, pool, copyPool }: BenchDatabase): Promise<string> {
  await Promise.all([pool.end(), copyPool.end()]);
  return new URL(url).pathname.slice(1);
}

const migrated = `parma_bench_${process.pid}_migrated`;

async function startServer(): Promise<string> {
  const { url, restart } = await startPostgres();
  if (!process.env["DATABASE_URL"]) {
    await run(url, `alter system set shared_buffers = '${SHARED_BUFFERS}'`);
    await restart("fast");
  }
  await run(url, `create database ${migrated}`);
  whenStopping(() => run(url, `drop database if exists ${migrated} with (force)`));
  const migratedUrl = addressOf(url, migrated);
  await migrate(migratedUrl);
  await run(migratedUrl, LEAVE_ALONE);
  return url;
}

// As much as Cloud SQL gives the smallest server with a processor of its own. With PostgreSQL's 128 MB the indexes of the
// largest history fit no longer, and the insert alone loses a quarter by it.
const SHARED_BUFFERS = "1GB";

// Autovacuum wakes up when it likes, and would slow one side of a round and not the other.
const LEAVE_ALONE = `
  do $$
  declare
    one record;
  begin
    for one in select schemaname, tablename from pg_tables where schemaname in ('public', 'pipeline') loop
      execute format('alter table %I.%I set (autovacuum_enabled = off)', one.schemaname, one.tablename);
    end loop;
  end $$`;

function addressOf(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}

async function run(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
