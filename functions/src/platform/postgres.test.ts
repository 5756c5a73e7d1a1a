import { once } from "node:events";
import { connect, createServer } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type pg from "pg";
import { z } from "zod";
import { databaseUrl, testServer } from "../../test/database.ts";
import { openTestDatabase } from "../../test/openTestDatabase.ts";
import { backOffMs, type Database, databaseOf, openPool } from "./postgres.ts";

const db = openTestDatabase();

beforeAll(() => db.query("create table written (word text primary key)"));
beforeEach(async () => {
  await db.query("delete from written");
});

const write = (connection: Database, word: string) =>
  connection.query("insert into written values ($1)", [word]);

async function words(): Promise<unknown[]> {
  const { rows } = await db.query("select word from written order by word");
  return rows.map((row) => Object(row).word);
}

describe("a transaction", () => {
  test("commits all of it, in the order in which it was sent", async () => {
    const seen = await db.transaction(async (connection) => {
      const [, counted] = await Promise.all([
        write(connection, "one"),
        connection.query("select count(*)::int as count from written"),
        write(connection, "two"),
      ]);
      return counted.rows;
    });
    expect(seen).toEqual([{ count: 1 }]);
    expect(await words()).toEqual(["one", "two"]);
  });

  test("of whose statements one fails keeps nothing, and says which", async () => {
    const failing = db.transaction((connection) =>
      Promise.all([write(connection, "one"), connection.query("select 1 / 0"), write(connection, "two")]),
    );
    await expect(failing).rejects.toThrow("division by zero");
    expect(await words()).toEqual([]);
  });

  test("says what failed first, whichever of its failures is heard of first", async () => {
    const failing = db.transaction(async (connection) => {
      const first = connection.query("select 1 / 0");
      const second = write(connection, "after");
      await Promise.allSettled([first, second]);
      await second;
    });
    await expect(failing).rejects.toThrow("division by zero");
  });

  test("that is over takes no statements of what still runs beside the one that failed", async () => {
    const failed = Promise.withResolvers<void>();
    let late: Promise<unknown> | undefined;
    const failing = db.transaction(async (connection) => {
      late = failed.promise.then(() => write(connection, "late"));
      await connection.query("select 1 / 0");
    });
    await expect(failing).rejects.toThrow("division by zero");
    failed.resolve();
    await expect(late).rejects.toThrow("The transaction is over");
    expect(await words()).toEqual([]);
  });

  describe("that PostgreSQL asks for again", () => {
    const conflict = "do $$ begin raise sqlstate '40001'; end $$";
    const waits: number[] = [];
    let pool: pg.Pool;
    beforeAll(async () => {
      pool = await openPool({ DATABASE_URL: await ownUrl() });
    });
    beforeEach(() => {
      waits.length = 0;
    });
    afterAll(() => pool.end());
    const waiting = () => databaseOf(pool, async (attempt) => waits.push(attempt));

    test("is tried again after a wait, and its connections are as good as before", async () => {
      let attempts = 0;
      await waiting().transaction(async (connection) => {
        attempts += 1;
        await write(connection, "again");
        if (attempts < 3) await connection.query(conflict);
      });
      expect(waits).toEqual([1, 2]);
      expect(await words()).toEqual(["again"]);
    });

    test("is given up after four attempts", async () => {
      const failing = waiting().transaction((connection) => connection.query(conflict));
      await expect(failing).rejects.toMatchObject({ code: "40001" });
      expect(waits).toEqual([1, 2, 3]);
    });

    test("waits longer each time, at random and for less than a second in all", () => {
      expect([1, 2, 3].map((attempt) => backOffMs(attempt, 0))).toEqual([10, 40, 160]);
      expect([1, 2, 3].map((attempt) => backOffMs(attempt, 1))).toEqual([20, 80, 320]);
    });
  });

  test("whose connection is lost during the commit says that it may have taken effect, as it has", async () => {
    const proxy = await losingCommits(new URL(await ownUrl()));
    const pool = await openPool({ DATABASE_URL: proxy.url });
    const failing = databaseOf(pool).transaction((connection) => write(connection, "kept"));
    await expect(failing).rejects.toThrow("may have taken effect");
    await proxy.close();
    await pool.end();
    expect(await words()).toEqual(["kept"]);
  });
});

async function ownUrl(): Promise<string> {
  const { rows } = await db.query("select current_database() as name");
  return databaseUrl(testServer().serverUrl, Object(rows[0]).name);
}

/** A way to a server on which commits arrive, but not their answers. */
async function losingCommits(server: URL): Promise<{ url: string; close(): Promise<void> }> {
  const proxy = createServer((client) => {
    const upstream = connect(Number(server.port), server.hostname);
    let isLost = false;
    client.on("data", (sent) => {
      isLost ||= sent.includes("commit");
      upstream.write(sent);
    });
    upstream.on("data", (answer) => (isLost ? client.destroy() : client.write(answer)));
    client.on("close", () => upstream.destroy()).on("error", () => undefined);
    upstream.on("error", () => undefined);
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  const url = new URL(server);
  url.hostname = "127.0.0.1";
  url.port = String(z.object({ port: z.int() }).parse(proxy.address()).port);
  return {
    url: url.href,
    close: async () => {
      proxy.close();
      await once(proxy, "close");
    },
  };
}
