import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  assertFails,
  initializeTestEnvironment,
  type RulesTestContext,
  type RulesTestEnvironment,
} from "@firebase/rules-unit-testing";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { setLogLevel } from "firebase/firestore";

const rules = readFileSync(join(import.meta.dirname, "..", "..", "firestore.rules"), "utf8");
const paths = [
  "parma/mining",
  "parma/mining/datasource/1",
  "parma/mining/datasource/1/raw_data/a",
  "parma/mining/datasource/1/normalization_schema/a",
  "parma/mining/trigger/a",
  "parma/analytics/batch/a",
  "users/alice",
];

let environment: RulesTestEnvironment;

beforeAll(async () => {
  // The client warns of every refusal, and refusals are what is asked for here.
  setLogLevel("silent");
  // A project of its own: rules are per project, and other tests share the emulator.
  const projectId = `demo-rules-${randomBytes(4).toString("hex")}`;
  environment = await initializeTestEnvironment({ projectId, firestore: { rules } });
  await environment.withSecurityRulesDisabled(async (context) => {
    for (const path of paths) await context.firestore().doc(path).set({ owner: "alice" });
  });
});

afterAll(() => environment.cleanup());

const clients: [string, () => RulesTestContext][] = [
  ["nobody", () => environment.unauthenticatedContext()],
  ["a user", () => environment.authenticatedContext("alice")],
  ["an administrator", () => environment.authenticatedContext("alice", { admin: true, role: "ADMIN" })],
];

describe.each(clients)("%s", (_name, client) => {
  test.each(paths)("can neither read nor write %s", async (path) => {
    const document = client().firestore().doc(path);
    await assertFails(document.get());
    await assertFails(document.parent.get());
    await assertFails(document.parent.doc("new").set({ owner: "alice" }));
    await assertFails(document.set({ owner: "mallory" }));
    await assertFails(document.update({ owner: "mallory" }));
    await assertFails(document.delete());
  });

  test("cannot query over all sources", async () => {
    await assertFails(client().firestore().collectionGroup("raw_data").get());
  });
});

test("what the clients tried has changed nothing", async () => {
  await environment.withSecurityRulesDisabled(async (context) => {
    for (const path of paths) {
      const document = await context.firestore().doc(path).get();
      expect(document.data()).toEqual({ owner: "alice" });
      expect((await document.ref.parent.get()).size).toBe(1);
    }
  });
});
