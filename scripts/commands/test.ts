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

const parts = { check: runChecks, unit: runUnitTests, e2e: runEndToEndTests };

/** The parts of the test run, in order. */
export const partNames = ["check", "unit", "e2e"] as const;

/** What a caller may choose. */
export interface TestOptions {
  readonly only?: (typeof partNames)[number];
}

/**
 * `test`: checks, unit tests and end-to-end tests, each part whatever became of the one before, and a closing
 * line with the counts.
 *
 * @param jestArgs goes on to jest
 */
export async function test(jestArgs: string[], { only }: TestOptions): Promise<void> {
  let passed = 0;
  let failed = 0;
  for (const name of partNames) {
    if (only !== undefined && only !== name) continue;
    const counts = await parts[name](jestArgs).catch(countAsFailed);
    passed += counts.passed;
    failed += counts.failed;
  }
  console.log(`\n${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}

/** A part that could not be run has failed; the others run all the same, and the closing line comes. */
function countAsFailed(error: unknown): Counts {
  if (isStopping() || !(error instanceof UserError)) throw error;
  console.error(`\n${error.message}`);
  return { passed: 0, failed: 1 };
}

function runUnitTests(jestArgs: string[]): Promise<Counts> {
  return runJest("unit", jestArgs, {});
}

async function runEndToEndTests(jestArgs: string[]): Promise<Counts> {
  // Things are let go wrong on a server of our own only.
  const isWired = !process.env["DATABASE_URL"];
  const progress = (message: string) => console.log(message);
  const wired = isWired ? await startWiredStack(sweepPatience(SHORT_SOAK), progress) : undefined;
  // What the messages say must not depend on a language model that the developer happens to have a key for.
  const stack = wired?.stack ?? (await startStack({ env: { OPENAI_API_KEY: "none" }, progress }));
  try {
    // One after the other: they share the stack, and the emulators need the second core.
    const counts = await runJest("e2e", ["--runInBand", ...jestArgs], {
      PARMA_STACK: JSON.stringify(stack satisfies Stack),
      // Google's client libraries otherwise look for the machine's own credentials first, for seconds.
      METADATA_SERVER_DETECTION: "none",
    });
    if (counts.failed > 0) console.log(`What the functions had to say is in ${stack.logFile}`);
    // Last, as it leaves nothing in the stack. Who asks for certain tests asks for no other.
    const soaked = wired !== undefined && jestArgs.length === 0 ? await runShortSoak(wired) : NO_COUNTS;
    return { passed: counts.passed + soaked.passed, failed: counts.failed + soaked.failed };
  } finally {
    await stack.stop();
  }
}

const NO_COUNTS: Counts = { passed: 0, failed: 0 };
// Always the same, so that a change of ours is what makes it fail.
const SHORT_SOAK = {
  documents: 12,
  minutes: 5,
  seed: 1,
  kills: 5,
  restarts: 1,
  disturbances: 1,
  isFirstDropped: true,
};

/** Lets things go wrong in a stack that the tests have warmed up: what is left must be what a calm run leaves. */
async function runShortSoak(wired: WiredStack): Promise<Counts> {
  const result = await soak(wired, SHORT_SOAK, step);
  console.log(`\n${resultAsText(result)}`);
  return result.differences.length === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

const jestResults = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  // Test files that could not even be loaded.
  numRuntimeErrorTestSuites: z.number(),
});

async function runJest(project: string, jestArgs: string[], env: NodeJS.ProcessEnv): Promise<Counts> {
  const folder = await mkdtemp(join(tmpdir(), "parma-jest-"));
  const remove = whenStopping(() => rm(folder, { recursive: true, force: true }));
  try {
    const outputFile = join(folder, "results.json");
    const args = ["--selectProjects", project, "--json", "--outputFile", outputFile, "--passWithNoTests"];
    const { exitCode } = await runTool("jest", [...args, ...jestArgs], { env, show: true });
    const text = await readFile(outputFile, "utf8").catch(() => {
      throw new UserError(`The ${project} tests could not be run: see above.`);
    });
    const results = jestResults.parse(JSON.parse(text));
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    // Jest may fail for what is no test: a test that keeps running, a coverage threshold.
    return { passed: results.numPassedTests, failed: exitCode === 0 ? failed : Math.max(failed, 1) };
  } finally {
    await remove();
  }
}
