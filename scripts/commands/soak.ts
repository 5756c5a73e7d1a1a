import { step } from "../progress.ts";
import { resultAsJson, resultAsText } from "../soak/report.ts";
import { soak as runSoak } from "../soak/soak.ts";
import { startWiredStack, sweepPatience } from "../soak/wiredStack.ts";
import { stopEverything } from "../stack/shutdown.ts";
import { UserError } from "../userError.ts";

/** The command's options. */
export interface SoakCommandOptions {
  /** Approximate. */
  readonly documents: number;
  /** Time limit. */
  readonly minutes: number;
  readonly seed?: number;
  readonly dropFirst: boolean;
  readonly json: boolean;
}

const DOCUMENTS_PER_KILL = 36;
const DOCUMENTS_PER_RESTART = 400;
const DOCUMENTS_PER_DISTURBANCE = 200;
const MIN_KILLS = 5;

/** `soak`: sends documents through the stack while faults happen, and shows that nothing is lost or duplicated. */
export async function soak({
  documents,
  minutes,
  seed = newSeed(),
  dropFirst,
  json,
}: SoakCommandOptions): Promise<void> {
  const options = {
    documents,
    minutes,
    seed,
    kills: Math.max(MIN_KILLS, Math.ceil(documents / DOCUMENTS_PER_KILL)),
    restarts: Math.ceil(documents / DOCUMENTS_PER_RESTART),
    disturbances: Math.ceil(documents / DOCUMENTS_PER_DISTURBANCE),
    isFirstDropped: dropFirst,
  };
  const wired = await step("Start the stack behind proxies", (report) =>
    startWiredStack(sweepPatience(options), report),
  );
  const result = await runSoak(wired, options, step);
  await step("Stop the stack", stopEverything);
  console.log(json ? resultAsJson(result) : `\n${resultAsText(result)}`);
  if (result.differences.length > 0) {
    throw new UserError(
      `The run with faults left a different result. --seed ${seed}${dropFirst ? " --drop-first" : ""} repeats the same input and faults.`,
    );
  }
}

function newSeed(): number {
  return Date.now() % 1_000_000;
}
