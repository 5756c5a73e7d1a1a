import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { z } from "zod";
import { databaseUrl, testServer } from "../../../test/database.ts";
import { deployedFunctions } from "../../../test/deployedFunctions.ts";
import { snapshot } from "../../../test/everyTable.ts";
import { type ServedFunctions, serveFunctions } from "../../../test/hostile/servedFunctions.ts";
import { openTestDatabase } from "../../../test/openTestDatabase.ts";
import { insertSource } from "../../../test/rows.ts";
import { selectRow } from "../../platform/postgres.ts";

const db = openTestDatabase();

let served: ServedFunctions;
beforeAll(async () => {
  const current = await selectRow(db, z.object({ name: z.string() }), "select current_database() as name");
  process.env["DATABASE_URL"] = databaseUrl(testServer().serverUrl, current?.name ?? "");
  served = await serveFunctions({ schedule: deployedFunctions()["schedule"] });
});
afterAll(async () => {
  await served.close();
  delete process.env["DATABASE_URL"];
});

test("calls that find nothing to do add no row to any table, whoever makes them", async () => {
  await insertSource(db, { isActive: false });
  const before = await snapshot(db, []);
  for (const method of ["GET", "POST", "GET"]) {
    expect(await served.send("schedule", { method, path: "/" })).toMatchObject({ status: 200 });
  }
  expect(await snapshot(db, [])).toEqual(before);
});
