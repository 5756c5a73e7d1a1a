import { z } from "zod";
import { checkSigningKeys } from "../../platform/config.ts";
import { errorText } from "../../platform/errorText.ts";
import { anyone, type Paths, route } from "../../platform/http.ts";
import { logEvent } from "../../platform/log.ts";
import { type Database, database, selectRow } from "../../platform/postgres.ts";

/** The newest migration that the code needs. A database may be ahead of it. */
export const NEEDED_MIGRATION = "0041_telling";

/** What being ready takes of the outside. */
export interface ReadinessContext {
  readonly database: () => Promise<Database>;
  /** Reads a document, whether it is there or not. */
  readonly readFirestore: () => Promise<unknown>;
  readonly timeoutMs?: number;
}

/** What came of the checks: `ok` or `failed` for each, and no reasons, which are in the log. */
export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, "ok" | "failed">>;
}

// A load balancer and an uptime check wait for about ten seconds.
const TIMEOUT_MS = 4000;

/** Checks, in parallel, whether everything that functions need is available. */
export async function checkReadiness({
  database,
  readFirestore,
  timeoutMs = TIMEOUT_MS,
}: ReadinessContext): Promise<Readiness> {
  const checks: Record<string, () => Promise<unknown>> = {
    database: async () => (await database()).query("select 1"),
    migrations: async () => checkMigrations(await database()),
    firestore: readFirestore,
    secrets: async () => checkSigningKeys(),
  };
  const results = await Promise.all(
    Object.entries(checks).map(
      async ([name, check]) => [name, await resultOf(name, check, timeoutMs)] as const,
    ),
  );
  return {
    ready: results.every(([, result]) => result === "ok"),
    checks: Object.fromEntries(results),
  };
}

async function resultOf(
  check: string,
  run: () => Promise<unknown>,
  timeoutMs: number,
): Promise<"ok" | "failed"> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`No answer in ${timeoutMs} ms`)), timeoutMs);
  try {
    await Promise.race([run(), late.promise]);
    return "ok";
  } catch (error) {
    logEvent("not_ready", { check, reason: errorText(error) });
    return "failed";
  } finally {
    clearTimeout(timer);
  }
}

const migrationName = z.object({ name: z.string().nullable() });

const NEWEST = "select max(name) as name from pipeline.migration";

async function checkMigrations(db: Database): Promise<void> {
  const newest = await selectRow(db, migrationName, NEWEST);
  if ((newest?.name ?? "") < NEEDED_MIGRATION) {
    throw new Error(
      `The database is at ${newest?.name ?? "no migration"}, and ${NEEDED_MIGRATION} is needed`,
    );
  }
}

/** Live: this process answers. Ready: everything it needs answers, too. */
export const paths: Paths = {
  "/live": {
    GET: route({ callers: anyone, summary: "the functions answer" }, async () => ({
      status: 200,
      body: { live: true },
    })),
  },
  "/ready": {
    GET: route(
      {
        callers: anyone,
        summary: "503 unless the database, its migrations, Firestore and the secrets are there",
      },
      async () => {
        const readiness = await checkReadiness({
          database,
          // Its client takes half a second to load; a liveness check does not wait for it.
          readFirestore: async () => {
            const { firestore } = await import("../../platform/firebase.ts");
            return firestore().doc("parma/health").get();
          },
        });
        return { status: readiness.ready ? 200 : 503, body: readiness };
      },
    ),
  },
};
