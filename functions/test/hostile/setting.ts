import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, jest } from "@jest/globals";
import { logger } from "firebase-functions/logger";
import { z } from "zod";
import { SOURCES_COLLECTION } from "../../src/domain/rawDocument/collections.ts";
import { firestore } from "../../src/platform/firebase.ts";
import { database } from "../../src/platform/postgres.ts";
import { type TestDatabase, testDatabase } from "../database.ts";
import { deployedFunctions } from "../deployedFunctions.ts";
import { refusal, tokenFor } from "../e2e/calls.ts";
import { snapshot } from "../everyTable.ts";
import { insertCompany, insertSource, insertTask } from "../rows.ts";
import { type Operators, openOperators } from "./operators.ts";
import { type Answer, type Sent, type ServedFunctions, serveFunctions } from "./servedFunctions.ts";

/** A source with a company, a running task and its call; and the same of someone else's. */
export interface Setting {
  readonly served: ServedFunctions;
  readonly source: number;
  readonly sourceName: string;
  readonly company: number;
  readonly task: number;
  readonly measurement: number;
  readonly other: { readonly source: number; readonly company: number; readonly task: number };
  /** What a module gets for a call about the company. */
  readonly token: string;
  readonly operators: Operators;
}

/**
 * All HTTP functions in this process on stores of its own, for a file of tests whose calls are mostly refused. Call
 * it at the top of the file; use the result inside tests only.
 */
export function openSetting() {
  let clone: TestDatabase | undefined;
  let blobs = "";
  let operators: Operators | undefined;
  let setting: Setting | undefined;
  // What a function reports that it did not expect, and what would end its process.
  const trouble: unknown[] = [];
  const onTrouble = (error: unknown) => trouble.push(error);
  jest.spyOn(logger, "warn").mockImplementation(() => undefined);
  jest.spyOn(logger, "write").mockImplementation((entry) => {
    if (entry.severity === "ERROR") trouble.push(entry);
  });

  const current = (): Setting => {
    if (setting === undefined) throw new Error("The setting is there inside tests only");
    return setting;
  };
  beforeAll(async () => {
    process.on("unhandledRejection", onTrouble).on("uncaughtExceptionMonitor", onTrouble);
    clone = await testDatabase();
    blobs = await mkdtemp(join(tmpdir(), "parma-hostile-"));
    operators = await openOperators();
    setEnvironment(clone.url, blobs);
    setting = await setUp(await serveFunctions(deployedFunctions()), operators);
  });
  afterAll(async () => {
    await setting?.served.close();
    operators?.close();
    await firestore().terminate();
    await clone?.drop();
    await rm(blobs, { recursive: true, force: true });
    process.off("unhandledRejection", onTrouble).off("uncaughtExceptionMonitor", onTrouble);
  });

  /** Everything that is stored: rows of all tables, documents of both sources, files. */
  const stored = async () => ({
    rows: await snapshot(await database(), []),
    documents: await documentsOf([current().sourceName, `${current().sourceName}-other`]),
    files: (await readdir(blobs, { recursive: true })).toSorted(),
  });
  return {
    current,
    trouble,
    send: (name: string, sent: Sent) => current().served.send(name, sent),
    /** Does what must leave no trace: nothing written, nothing reported, no prototype changed. */
    async leavesNoTrace(work: () => Promise<void>): Promise<void> {
      const before = await stored();
      await work();
      expect(await stored()).toEqual(before);
      expect(trouble).toEqual([]);
      expect(Reflect.get({}, "polluted")).toBeUndefined();
    },
  };
}

function setEnvironment(databaseUrl: string, blobs: string): void {
  Object.assign(process.env, {
    DATABASE_URL: databaseUrl,
    BLOB_STORE: pathToFileURL(blobs).href,
    PARMA_SHARED_SECRET_KEY: "hostile-shared",
    PARMA_ANALYTICS_SECRET_KEY: "hostile-analytics",
    PARMA_LINK_SECRET: "hostile-link",
    PUBLIC_URL: "https://parma.example",
    WEB_APP_URL: "https://app.parma.example",
  });
}

async function setUp(served: ServedFunctions, operators: Operators): Promise<Setting> {
  const db = await database();
  // Ids and names in Firestore are shared with other tests' databases.
  const offset = 1_000_000 + Math.floor(Math.random() * 1_000_000_000);
  await db.query("select setval('data_source_id_seq', $1)", [offset]);
  const sourceName = `hostile-${offset}`;
  const source = await insertSource(db, { name: sourceName });
  const other = await insertSource(db, { name: `${sourceName}-other` });
  const running = { status: "PROCESSING", attempts: 1, startedAt: new Date() } as const;
  const task = await insertTask(db, source, running);
  const otherTask = await insertTask(db, other, running);
  const company = await insertCompany(db, "Attacked");
  const otherCompany = await insertCompany(db, "Someone else's");
  const token = await tokenFor({ sourceId: source, taskId: task, companyId: company, attempt: 1 });
  const made = await served.send("sourceMeasurement", {
    path: "/source-measurement",
    headers: { Authorization: `Bearer ${token}` },
    body: JSON.stringify({ source_module_id: source, type: "int", measurement_name: "stars" }),
  });
  const { id: measurement } = z.object({ id: z.number() }).parse(JSON.parse(made.text));
  return {
    served,
    source,
    sourceName,
    company,
    task,
    measurement,
    other: { source: other, company: otherCompany, task: otherTask },
    token,
    operators,
  };
}

async function documentsOf(sourceNames: readonly string[]): Promise<string[]> {
  const collections = await Promise.all(
    sourceNames.map((name) => firestore().doc(`${SOURCES_COLLECTION}/${name}`).listCollections()),
  );
  const documents = await Promise.all(collections.flat().map((collection) => collection.listDocuments()));
  return documents
    .flat()
    .map(({ path }) => path)
    .toSorted();
}

/** The code of a refusal, which is in the one shape; what else it is, where it is not. */
export function refusalOf({ status, headers, text }: Answer): string {
  const parsed = refusal.safeParse(parsedJson(text));
  const isJson = headers["content-type"] === "application/json";
  if (!parsed.success || !isJson) return `${status} ${text.slice(0, 200)}`;
  const { error, detail } = parsed.data;
  return detail === error.message ? `${status} ${error.code}` : `${status} with two messages`;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
