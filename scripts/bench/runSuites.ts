import type { Step } from "../progress.ts";
import { messageOf } from "../userError.ts";
import { load, machine, versions } from "./machine.ts";
import type { BenchResult, SuiteResult } from "./result.ts";
import { SUITES } from "./suites.ts";

/**
 * Runs suites one after another. One that fails is told in its result, and does not stop the others.
 *
 * @param keep is given the result after each suite: all of them take a long time, and may be interrupted
 */
export async function runSuites(
  names: readonly string[],
  { quick, step, keep }: { quick: boolean; step: Step; keep: (result: BenchResult) => Promise<unknown> },
): Promise<BenchResult> {
  let result: BenchResult = {
    at: new Date().toISOString(),
    quick,
    machine: machine(),
    versions: await versions(),
    suites: [],
  };
  for (const name of names) {
    result = { ...result, suites: [...result.suites, await runSuite(name, quick, step)] };
    await keep(result);
  }
  return result;
}

async function runSuite(name: string, quick: boolean, step: Step): Promise<SuiteResult> {
  const suite = await SUITES[name]?.();
  if (suite === undefined) throw new RangeError(`There is no suite ${name}`);
  const before = load();
  const started = performance.now();
  const result = (figures: SuiteResult["figures"]): SuiteResult => ({
    name,
    explains: suite.explains,
    seconds: (performance.now() - started) / 1_000,
    load: [before, load()],
    figures,
  });
  try {
    return result(await step(`Measure ${name}`, (note) => suite.run({ quick, note })));
  } catch (error) {
    return { ...result([]), error: messageOf(error) };
  }
}
