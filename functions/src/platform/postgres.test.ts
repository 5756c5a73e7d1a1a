import { beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { openTestDatabase } from "../../test/openTestDatabase.ts";
import type { Database } from "./postgres.ts";

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

  test("is tried again where PostgreSQL asks for that, and its connections are as good as before", async () => {
    let attempts = 0;
    await db.transaction(async (connection) => {
      attempts += 1;
      await write(connection, "again");
      if (attempts === 1) await connection.query("do $$ begin raise sqlstate '40001'; end $$");
    });
    expect(attempts).toBe(2);
    expect(await words()).toEqual(["again"]);
  });
});
