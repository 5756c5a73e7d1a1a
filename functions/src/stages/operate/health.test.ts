import { globSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { logger } from "firebase-functions/logger";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";
import { checkReadiness, NEEDED_MIGRATION } from "./health.ts";

const db = openTestDatabase();
const warned = jest.spyOn(logger, "warn").mockImplementation(() => undefined);
afterAll(() => warned.mockRestore());
beforeEach(() => {
  warned.mockClear();
  Object.assign(process.env, {
    PARMA_SHARED_SECRET_KEY: "one",
    PARMA_ANALYTICS_SECRET_KEY: "two",
    PARMA_LINK_SECRET: "three",
    WEB_APP_URL: "https://app.parma.example",
    PUBLIC_URL: "https://parma.example",
  });
});

const working = { database: async () => db, readFirestore: async () => undefined };
const failing = (...failed: readonly string[]) => ({
  ready: failed.length === 0,
  checks: Object.fromEntries(
    ["database", "migrations", "firestore", "secrets"].map((check) => [
      check,
      failed.includes(check) ? "failed" : "ok",
    ]),
  ),
});

test("the migration that is needed is the newest that there is", () => {
  const migrations = globSync("[0-9]*.sql", { cwd: join(__dirname, "../../../../sql") });
  const newest = migrations.toSorted().at(-1);
  expect(`${NEEDED_MIGRATION}.sql`).toBe(newest);
});

describe("what is needed", () => {
  test("is there", async () => {
    expect(await checkReadiness(working)).toEqual(failing());
    expect(warned).not.toHaveBeenCalled();
  });

  test("is not: a database that does not answer", async () => {
    const database = async () => Promise.reject(new Error("connect ECONNREFUSED 10.0.0.3:5432"));
    const readiness = await checkReadiness({ ...working, database });
    expect(readiness).toEqual(failing("database", "migrations"));
    expect(JSON.stringify(warned.mock.calls)).toContain("ECONNREFUSED");
  });

  test("is not in time: a Firestore that hangs", async () => {
    const readFirestore = () => new Promise(() => undefined);
    expect(await checkReadiness({ ...working, readFirestore, timeoutMs: 2000 })).toEqual(
      failing("firestore"),
    );
  });

  test("is not: a database that was not migrated", async () => {
    await db.query("delete from pipeline.migration where name >= $1", [NEEDED_MIGRATION]);
    expect(await checkReadiness(working)).toEqual(failing("migrations"));
  });

  test("is not: a secret", async () => {
    delete process.env["PARMA_SHARED_SECRET_KEY"];
    const { checks } = await checkReadiness(working);
    expect(checks).toMatchObject({ secrets: "failed", database: "ok" });
  });
});
