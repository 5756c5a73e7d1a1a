import { setTimeout } from "node:timers/promises";
import pg from "pg";
import type { z } from "zod";
import { databaseConfig } from "./config.ts";
import { logWarning } from "./log.ts";
import { withoutLogIds } from "./logContext.ts";
import { ownDatabaseUser } from "./ownDatabaseUser.ts";
import { ownConnections } from "./ownFunction.ts";

/** Anything that runs a statement: the pool, or the one connection of a transaction. */
export interface Database {
  query(text: string, values?: readonly unknown[]): Promise<{ rows: unknown[]; rowCount: number | null }>;
}

/** A database that can also run several statements as one. */
export interface TransactionalDatabase extends Database {
  /**
   * Commits once `work` resolves. Its statements run in the order in which it sends them; those that do not wait for
   * another's answer are sent together, and wait for the network once.
   */
  transaction<T>(work: (connection: Database) => Promise<T>): Promise<T>;
}

// TIMESTAMP columns hold UTC. By default pg reads and writes them in the process' own time zone.
const TIMESTAMP_OID = 1114;
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: "text" | "binary") =>
    oid === TIMESTAMP_OID
      ? (text: string) => new Date(`${text.replace(" ", "T")}Z`)
      : pg.types.getTypeParser(oid, format === "binary" ? "text" : format),
};
pg.defaults.parseInputDatesAsUTC = true;

// Of commands and tests; a function declares its own number.
const CONNECTIONS = 5;

/** Opens a pool on `config`; the caller ends it. Statements that run longer than a minute are cancelled. */
export async function openPool(config = databaseConfig()): Promise<pg.Pool> {
  const connections = ownConnections() ?? CONNECTIONS;
  // pg takes 0 for its own default of 10.
  if (connections === 0) throw new Error("This function declares no connections to PostgreSQL");
  const pool = new pg.Pool({
    ...("DATABASE_URL" in config
      ? { connectionString: config.DATABASE_URL }
      : await connectorOptions(config)),
    max: connections,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: 60_000,
    keepAlive: true,
    pipeline: true,
    allowExitOnIdle: true,
    // Makes the database check changes of state against the models.
    options: "-c TimeZone=UTC -c parma.enforce_states=on",
    application_name: process.env["FUNCTION_TARGET"] ?? "parma-analytics",
    types,
  });
  // The database's warnings, above all about refused changes of state.
  pool.on("connect", (client) =>
    client.on("notice", ({ severity, message }) => {
      if (severity === "WARNING") logWarning("The database warns", { reason: message });
    }),
  );
  // An idle connection that the server closes is replaced at the next query; without a listener it would end
  // the process. It has nothing to do with the work that opened the connection.
  pool.on("error", ({ message }) =>
    withoutLogIds(() => logWarning("An idle database connection was lost", { reason: message })),
  );
  return pool;
}

async function connectorOptions(
  config: Exclude<ReturnType<typeof databaseConfig>, { DATABASE_URL: string }>,
) {
  const { AuthTypes, Connector, IpAddressTypes } = await import("@google-cloud/cloud-sql-connector");
  const options = await new Connector().getOptions({
    instanceConnectionName: config.CLOUD_SQL_INSTANCE,
    ipType: IpAddressTypes[config.CLOUD_SQL_IP],
    authType: AuthTypes.IAM,
  });
  return {
    ...options,
    user: config.CLOUD_SQL_USER ?? (await ownDatabaseUser()),
    database: config.CLOUD_SQL_DATABASE,
  };
}

const preparedNames = new Map<string, string>();

/**
 * Has a statement parsed once per connection, and planned once if knowing the values gives no better plan. For statements
 * that run for every document: with a small document, planning takes longer than the rest.
 *
 * @param text one of a few: each is kept by every connection
 */
export function prepared(text: string): string {
  if (!preparedNames.has(text)) preparedNames.set(text, `statement_${preparedNames.size + 1}`);
  return text;
}

function queryOf(text: string, values: readonly unknown[] = []): pg.QueryConfig {
  const name = preparedNames.get(text);
  return { text, values: [...values], ...(name === undefined ? {} : { name }) };
}

/** The pool as a {@link TransactionalDatabase}. */
export function databaseOf(pool: pg.Pool, backOff: BackOff = jitteredBackOff): TransactionalDatabase {
  return {
    query: (text, values) => pool.query(queryOf(text, values)),
    transaction: (work) => transactionWithRetry(pool, work, backOff),
  };
}

let shared: Promise<TransactionalDatabase> | undefined;

/** The database of this process, opened at the first call. */
export function database(): Promise<TransactionalDatabase> {
  shared ??= openPool().then(databaseOf);
  shared.catch(() => {
    shared = undefined;
  });
  return shared;
}

/** Waits between a transaction's failed attempt, counted from 1, and the next. */
export type BackOff = (attempt: number) => Promise<unknown>;

const jitteredBackOff: BackOff = (attempt) => setTimeout(backOffMs(attempt, Math.random()));

/** @param random from 0 to 1, so that two transactions that collided do not collide again */
export function backOffMs(attempt: number, random: number): number {
  return 20 * 4 ** (attempt - 1) * (0.5 + random / 2);
}

// At most 20, 80 and 320 ms apart.
const TRANSACTION_ATTEMPTS = 4;
/** serialization_failure and deadlock_detected: Postgres asks for the same transaction again. */
const PASSING_STATES = new Set(["40001", "40P01"]);
/** in_failed_sql_transaction: an earlier statement has failed. */
const ABORTED = "25P02";

async function transactionWithRetry<T>(
  pool: pg.Pool,
  work: (connection: Database) => Promise<T>,
  backOff: BackOff,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await transactionOnce(pool, work);
    } catch (error) {
      if (!PASSING_STATES.has(stateOf(error)) || attempt === TRANSACTION_ATTEMPTS) throw error;
      await backOff(attempt);
    }
  }
}

async function transactionOnce<T>(pool: pg.Pool, work: (connection: Database) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  // A connection that breaks while it is checked out reports here as well as to the query.
  client.on("error", ignore);
  let broken: Error | undefined;
  let isOver = false;
  let firstFailure: unknown;
  const query: Database["query"] = async (text, values) => {
    // If one of several concurrent statements failed, the others must not go on outside the transaction.
    if (isOver) throw new Error("The transaction is over");
    try {
      return await client.query(queryOf(text, values));
    } catch (error) {
      firstFailure ??= error;
      throw error;
    }
  };
  try {
    // Sent together with the first statement: BEGIN fails only if its connection does.
    const [, result] = await Promise.all([client.query("begin"), work({ query })]);
    isOver = true;
    await commit(client);
    return result;
  } catch (error) {
    isOver = true;
    await client.query("rollback").catch((rollbackError: Error) => {
      broken = rollbackError;
    });
    // Only the first failed statement tells why; the others say that the transaction is aborted.
    throw stateOf(error) === ABORTED ? (firstFailure ?? error) : error;
  } finally {
    client.off("error", ignore);
    client.release(broken);
  }
}

async function commit(client: pg.PoolClient): Promise<void> {
  try {
    await client.query("commit");
  } catch (error) {
    if (error instanceof pg.DatabaseError) throw error;
    throw new Error("The connection was lost during the commit: the transaction may have taken effect", {
      cause: error,
    });
  }
}

/** PostgreSQL's code of an error; "" for other errors. */
function stateOf(error: unknown): string {
  return (error instanceof pg.DatabaseError ? error.code : undefined) ?? "";
}

function ignore(): void {}

const camelNames = new Map<string, string>();

/** A column's name as our code writes it: `company_id` is `companyId`. */
function camelName(column: string): string {
  const known = camelNames.get(column);
  if (known !== undefined) return known;
  const name = column.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  camelNames.set(column, name);
  return name;
}

function camelRow(row: unknown): unknown {
  return Object.fromEntries(
    Object.entries(row as object).map(([column, value]) => [camelName(column), value]),
  );
}

/**
 * Runs a statement and parses every row. Column names become camelCase here: the schema names `company_id` `companyId`.
 * The contents of JSON columns stay as they are.
 *
 * @param schema a constant: making one takes longer than parsing with it
 * @throws ZodError if a row does not match the schema
 */
export async function selectRows<S extends z.ZodType>(
  connection: Database,
  schema: S,
  text: string,
  values: readonly unknown[] = [],
): Promise<z.output<S>[]> {
  const { rows } = await connection.query(text, values);
  return rows.map((row) => schema.parse(camelRow(row)));
}

/** Like {@link selectRows}, for a statement that gives at most one row. */
export async function selectRow<S extends z.ZodType>(
  connection: Database,
  schema: S,
  text: string,
  values: readonly unknown[] = [],
): Promise<z.output<S> | undefined> {
  const [row] = await selectRows(connection, schema, text, values);
  return row;
}
