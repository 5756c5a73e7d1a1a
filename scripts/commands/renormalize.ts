import type { NormalizeContext } from "../../functions/src/normalize/normalizeDocument.ts";
import { requireRawDocuments, usePipeline } from "../normalize/pipeline.ts";
import { messageOf, UserError } from "../userError.ts";

/** What a caller may choose. */
export interface RenormalizeOptions {
  readonly failed: boolean;
  readonly json: boolean;
  readonly source?: string;
}

/** How one document's run ended. */
type Run =
  | { path: string; state: "NORMALIZED"; values: number; issues: number }
  | { path: string; state: "FAILED"; reason: string };

// As many as the database's pool has connections.
const RUNS_AT_A_TIME = 5;

/** `renormalize`: runs raw documents again, those named or those that failed; one that succeeds is no longer listed. */
export async function renormalize(ids: readonly string[], options: RenormalizeOptions): Promise<void> {
  if (ids.length === 0 && !options.failed) {
    throw new UserError("Name the raw documents by their ids or paths, or ask for --failed ones.");
  }
  await usePipeline();
  requireRawDocuments();
  const { database } = await import("../../functions/src/platform/postgres.ts");
  const { firestore } = await import("../../functions/src/platform/firebase.ts");
  const { blobStore } = await import("../../functions/src/platform/blobStore.ts");
  const context = { db: await database(), firestore: firestore(), blobStore: blobStore() };

  const paths = await pathsOf(context.db, ids, options);
  const runs: Run[] = [];
  for (let start = 0; start < paths.length; start += RUNS_AT_A_TIME) {
    const page = paths.slice(start, start + RUNS_AT_A_TIME);
    runs.push(...(await Promise.all(page.map((path) => run(context, path)))));
    console.error(`${runs.length} of ${paths.length}`);
  }
  report(runs, options.json);
  if (runs.some(({ state }) => state === "FAILED")) process.exitCode = 1;
}

async function pathsOf(
  db: NormalizeContext["db"],
  ids: readonly string[],
  { failed, source }: RenormalizeOptions,
): Promise<string[]> {
  const { documentPaths, failedDocuments } = await import("../../functions/src/normalize/failedDocuments.ts");
  const known = await documentPaths(db, ids);
  const named = ids.map((id) => {
    const path = id.includes("/") ? id : known.get(id);
    if (path === undefined) {
      throw new UserError(`No run has seen a raw document ${id} yet: name it by its path in Firestore.`);
    }
    return path;
  });
  const listed = failed ? await failedDocuments(db, source) : [];
  return [...new Set([...named, ...listed.map(({ path }) => path)])];
}

async function run(context: Omit<NormalizeContext, "now">, path: string): Promise<Run> {
  const { normalizeAtPath } = await import("../../functions/src/normalize/normalizeDocument.ts");
  try {
    const outcome = await normalizeAtPath({ ...context, now: new Date() }, path);
    return outcome.state === "FAILED"
      ? { path, ...outcome }
      : { path, state: outcome.state, values: outcome.valueCount, issues: outcome.issueCount };
  } catch (error) {
    return { path, state: "FAILED", reason: messageOf(error) };
  }
}

function report(runs: readonly Run[], json: boolean): void {
  const normalized = runs.filter((one) => one.state === "NORMALIZED");
  const failed = runs.filter((one) => one.state === "FAILED");
  const sum = (of: "values" | "issues") => normalized.reduce((total, one) => total + one[of], 0);
  const summary = {
    normalized: normalized.length,
    failed: failed.length,
    values: sum("values"),
    issues: sum("issues"),
  };
  if (json) {
    console.log(JSON.stringify({ ...summary, documents: runs }));
    return;
  }
  for (const { path, reason } of failed) console.log(`${path}\n  ${reason}\n`);
  console.log(
    `${summary.normalized} normalized (${summary.values} values, ${summary.issues} issues), ${summary.failed} failed`,
  );
}
