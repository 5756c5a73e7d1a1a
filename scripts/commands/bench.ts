import { changesBetween } from "../bench/compare.ts";
import { changesAsText, resultAsText } from "../bench/report.ts";
import { readResult, resultFile, saveResult } from "../bench/result.ts";
import { runSuites } from "../bench/runSuites.ts";
import { SUITES } from "../bench/suites.ts";
import { step } from "../progress.ts";
import { UserError } from "../userError.ts";

/** The command's options. */
export interface BenchOptions {
  /** The names of suites; all of them by default. */
  readonly only?: readonly string[];
  readonly quick: boolean;
  /** A result that was saved. */
  readonly compare?: string;
  readonly json: boolean;
}

/** `bench`: measures the pipeline against the best it could do. A missed target is reported; it is not a failure. */
export async function bench({ only, quick, compare, json }: BenchOptions): Promise<void> {
  const names = only ?? Object.keys(SUITES);
  for (const name of names) {
    if (!Object.hasOwn(SUITES, name)) {
      throw new UserError(`There is no suite "${name}". Choose from: ${Object.keys(SUITES).join(", ")}.`);
    }
  }
  // Read first, so that a wrong file fails before half an hour of measuring, not after it.
  const earlier = compare === undefined ? undefined : await readResult(compare);
  if (earlier !== undefined && earlier.quick !== quick) {
    throw new UserError(
      `${compare} was measured ${earlier.quick ? "with" : "without"} --quick; run this one the same way.`,
    );
  }
  const result = await runSuites(names, { quick, step, keep: saveResult });
  const file = resultFile(result);
  const changes = earlier && changesBetween(earlier, result);
  if (json) {
    console.log(JSON.stringify({ ...result, file, ...(changes && { changes }) }));
  } else {
    console.log(`\n${resultAsText(result)}\n`);
    if (earlier && changes) console.log(changesAsText(changes, earlier.at));
    console.log(`Saved to ${file}. Pass it to --compare in a later run to see what changed.`);
  }
  const failed = result.suites.filter(({ error }) => error !== undefined).map(({ name }) => name);
  if (failed.length > 0) throw new UserError(`Not measured: ${failed.join(", ")}.`);
}
