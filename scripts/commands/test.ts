import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { step } from "../progress.ts";
import { resultAsText } from "../soak/report.ts";
import { soak } from "../soak/soak.ts";
import { startWiredStack, sweepPatience, type WiredStack } from "../soak/wiredStack.ts";
import { runTool } from "../stack/foreground.ts";
import { isStopping, whenStopping } from "../stack/shutdown.ts";
import { type Stack, startStack } from "../stack/stack.ts";
import { UserError } from "../userError.ts";
import { type Counts, runChecks } from "./check.ts";

/** The parts of the test run, in order. */
export const partNames = ["check", "unit", "e2e"] as const;

/** The command's options. */
export interface TestOptions {
  readonly only?: (typeof partNames)[number];
}

/**
 * `test`: runs checks, unit tests and end-to-end tests, each even if another failed, and prints a final line with the
 * counts.
 *
 * @param jestArgs passed to jest
 */
export async function test(jestArgs: string[], { only }: TestOptions): Promise<void> {
  const parts = {
    check: runChecks,
    unit: () => runJest("unit", jestArgs, { env: {} }),
    e2e: () => runEndToEndTests(jestArgs),
  };
  const counts: Counts[] = [];
  // One after the other: the end-to-end tests end by stopping all that was started.
  for (const name of partNames.filter((name) => only === undefined || only === name)) {
    counts.push(await parts[name]().catch(countAsFailed));
  }
  const passed = counts.reduce((sum, count) => sum + count.passed, 0);
  const failed = counts.reduce((sum, count) => sum + count.failed, 0);
  console.log(`\n${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}

/** Counts a part that could not run as failed, so that the others still run and the final line is printed. */
function countAsFailed(error: unknown): Counts {
  if (isStopping() || !(error instanceof UserError)) throw error;
  console.error(`\n${error.message}`);
  return { passed: 0, failed: 1 };
}

/** A stack for the end-to-end tests; a wired one can take the short soak. */
interface TestStack {
  readonly stack: Stack;
  readonly wired?: WiredStack;
}

async function startTestStack(): Promise<TestStack> {
  const progress = (message: string) => console.log(message);
  // The developer may have a key for a language model; what messages say must not depend on it.
  const env = { OPENAI_API_KEY: "none" };
  // Faults are injected only into a server of our own.
  if (process.env["DATABASE_URL"]) return { stack: await startStack({ env, progress }) };
  const wired = await startWiredStack(sweepPatience(SHORT_SOAK), progress);
  return { stack: wired.stack, wired };
}

async function runEndToEndTests(jestArgs: string[]): Promise<Counts> {
  const { stack, wired } = await startTestStack();
  try {
    // One at a time: they share the stack.
    const env = {
      PARMA_STACK: JSON.stringify(stack satisfies Stack),
      // Otherwise Google's client libraries spend seconds looking for the machine's own credentials.
      METADATA_SERVER_DETECTION: "none",
    };
    const counts = await runJest("e2e", ["--runInBand", ...jestArgs], { env });
    if (counts.failed > 0) console.log(`The functions' log: ${stack.logFile}`);
    // Last, because it empties the stack. Skipped if only certain tests are wanted.
    const soaked = wired !== undefined && jestArgs.length === 0 ? await runShortSoak(wired) : NO_COUNTS;
    return { passed: counts.passed + soaked.passed, failed: counts.failed + soaked.failed };
  } finally {
    await stack.stop();
  }
}

const NO_COUNTS: Counts = { passed: 0, failed: 0 };
// Fixed, so that only a change of ours can make it fail.
const SHORT_SOAK = {
  documents: 12,
  minutes: 5,
  seed: 1,
  kills: 5,
  restarts: 1,
  disturbances: 1,
  isFirstDropped: true,
};

/** Injects faults into a stack that the tests have warmed up. The result must equal that of an undisturbed run. */
async function runShortSoak(wired: WiredStack): Promise<Counts> {
  const result = await soak(wired, SHORT_SOAK, step);
  console.log(`\n${resultAsText(result)}`);
  return result.differences.length === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

const jestResults = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  // Test files that could not be loaded.
  numRuntimeErrorTestSuites: z.number(),
});

async function runJest(
  project: string,
  jestArgs: string[],
  { env }: { env: NodeJS.ProcessEnv },
): Promise<Counts> {
  const folder = await mkdtemp(join(tmpdir(), "parma-jest-"));
  const remove = whenStopping(() => rm(folder, { recursive: true, force: true }));
  try {
    const outputFile = join(folder, "results.json");
    const args = ["--selectProjects", project, "--json", "--outputFile", outputFile, "--passWithNoTests"];
    const { exitCode } = await runTool("jest", [...args, ...jestArgs], { env, show: true });
    const text = await readFile(outputFile, "utf8").catch(() => {
      throw new UserError(`The ${project} tests could not run; see above.`);
    });
    const results = jestResults.parse(JSON.parse(text));
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    // Jest can also fail for other reasons than a test: an open handle, a coverage threshold.
    return { passed: results.numPassedTests, failed: exitCode === 0 ? failed : Math.max(failed, 1) };
  } finally {
    await remove();
  }
}
