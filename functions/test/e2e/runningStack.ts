import { setTimeout } from "node:timers/promises";
import { initializeApp } from "firebase-admin/app";
import { getFirestore } from "firebase-admin/firestore";
import { z } from "zod";
import { databaseOf, openPool } from "../../src/platform/postgres.ts";

const stackSchema = z.object({
  baseUrl: z.string(),
  functionsUrl: z.string(),
  functionsOrigin: z.string(),
  firestoreHost: z.string(),
  databaseUrl: z.string(),
  projectId: z.string(),
  secrets: z.object({ shared: z.string(), analytics: z.string(), operator: z.string() }),
  blobDir: z.string(),
  inboxUrl: z.string(),
  slackUrl: z.string(),
  slackSecretId: z.string(),
  logFile: z.string(),
});

/** The stack that the end-to-end tests run through, with its database and Firestore. Close it in afterAll. */
export async function runningStack() {
  const found = process.env["PARMA_STACK"];
  if (!found)
    throw new Error("PARMA_STACK is not set: run the end-to-end tests by `scripts/dev test --only e2e`.");
  const stack = stackSchema.parse(JSON.parse(found));
  process.env["FIRESTORE_EMULATOR_HOST"] = stack.firestoreHost;
  process.env["PARMA_SHARED_SECRET_KEY"] = stack.secrets.shared;
  process.env["PARMA_ANALYTICS_SECRET_KEY"] = stack.secrets.analytics;
  const pool = await openPool({ DATABASE_URL: stack.databaseUrl });
  const firestore = getFirestore(initializeApp({ projectId: stack.projectId }));
  const close = async () => {
    await pool.end();
    await firestore.terminate();
  };
  return { ...stack, db: databaseOf(pool), firestore, close };
}

const PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 100;

/** Looks until `look` finds something, which it returns. The stages hand over by rows and documents. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > giveUpAt) throw new Error(`Waited ${PATIENCE_MS / 1000} s in vain until ${what}`);
    await setTimeout(LOOK_EVERY_MS);
  }
}
