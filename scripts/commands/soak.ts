import { step } from "../progress.ts";
import { resultAsJson, resultAsText } from "../soak/report.ts";
import { soak as runSoak } from "../soak/soak.ts";
import { startWiredStack, sweepPatience } from "../soak/wiredStack.ts";
import { stopEverything } from "../stack/shutdown.ts";
import { UserError } from "../userError.ts";

/** What a caller may choose. */
export interface SoakCommandOptions {
  /** About so many. */
  readonly documents: number;
  /** It is given up after so many. */
  readonly minutes: number;
  readonly seed?: number;
  readonly dropFirst: boolean;
  readonly json: boolean;
}

const DOCUMENTS_A_KILL = 36;
const DOCUMENTS_A_RESTART = 400;
const DOCUMENTS_A_DISTURBANCE = 200;
const FEWEST_KILLS = 5;

/** `soak`: puts documents through the stack while things go wrong, and shows that nothing is lost and nothing twice. */
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
    kills: Math.max(FEWEST_KILLS, Math.ceil(documents / DOCUMENTS_A_KILL)),
    restarts: Math.ceil(documents / DOCUMENTS_A_RESTART),
    disturbances: Math.ceil(documents / DOCUMENTS_A_DISTURBANCE),
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
      `The run with faults left something else than the one without: --seed ${seed}${dropFirst ? " --drop-first" : ""} repeats the same input and faults.`,
    );
  }
}

function newSeed(): number {
  return Date.now() % 1_000_000;
}
