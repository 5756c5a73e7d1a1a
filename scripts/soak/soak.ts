import type { Step } from "../progress.ts";
import { openQuery } from "../stack/query.ts";
import { brokenPromises, emptyFirestore } from "./checks.ts";
import { type Difference, differences } from "./compare.ts";
import { startAfresh } from "./databases.ts";
import { doFaults, type FaultLog } from "./faults/doFaults.ts";
import { planFaults } from "./faults/planFaults.ts";
import { feedAll } from "./feed.ts";
import { enterInput } from "./input/enter.ts";
import { makeInput } from "./input/makeInput.ts";
import { type SoakModules, startSoakModules } from "./input/module.ts";
import { countDocuments, type SoakSource } from "./input/soakInput.ts";
import { toldFindings } from "./messages.ts";
import { readOutcome, type SoakOutcome } from "./outcome.ts";
import { Progress } from "./progress.ts";
import { fireRegularly } from "./regularly.ts";
import { type Retries, readRetries } from "./retries.ts";
import type { WiredStack } from "./wiredStack.ts";
import { portOf } from "./wiring.ts";

/** How much is put through, and how much goes wrong meanwhile. */
export interface SoakOptions {
  readonly documents: number;
  readonly minutes: number;
  readonly seed: number;
  readonly kills: number;
  readonly restarts: number;
  /** How often each connection is cut, refused and stalled. */
  readonly disturbances: number;
  /** Whether every event and every task gets lost the first time, so that the sweep has to complete everything. */
  readonly isFirstDropped: boolean;
}

/** What one run of the input left, and what it took. */
export interface SoakRun {
  readonly outcome: SoakOutcome;
  readonly seconds: number;
  readonly retries: Retries;
  /** How many processes of the functions were started. */
  readonly processes: number;
  /** How often the modules had to ask again. */
  readonly repeatedFeeds: number;
  /** What is wrong with it, whatever another run left. */
  readonly broken: readonly Difference[];
  /** What went wrong on purpose. */
  readonly faults: FaultLog | undefined;
  /** From the last fault until everything was done with. */
  readonly tailSeconds: number;
}

/** What a soak came to. */
export interface SoakResult {
  readonly options: SoakOptions;
  readonly documents: number;
  readonly calm: SoakRun;
  readonly faulty: SoakRun;
  readonly differences: readonly Difference[];
}

interface Setting extends WiredStack {
  readonly modules: SoakModules;
  readonly sources: readonly SoakSource[];
}

/**
 * Puts the same input through a stack twice, without faults and then with them, and compares what both left. What was
 * in its database and in Firestore is gone afterwards.
 *
 * @param step shows how far it is
 */
export async function soak(wired: WiredStack, options: SoakOptions, step: Step): Promise<SoakResult> {
  const deadline = performance.now() + options.minutes * 60_000;
  const { stack, wiring } = wired;
  const sources = makeInput(options);
  const modules = await startSoakModules({
    sources,
    analyticsUrl: stack.baseUrl,
    sharedSecret: stack.secrets.shared,
  });
  wiring.connections.modules.connectTo(portOf(modules.url));
  const setting = { ...wired, modules, sources };
  const calm = await step("Run without faults", (report) => runOnce(setting, { deadline, report }));
  const faulty = await step("Run with faults", (report) =>
    runOnce(setting, { deadline, report, faults: options }),
  );
  return {
    options,
    documents: countDocuments(sources),
    calm,
    faulty,
    differences: [...calm.broken, ...faulty.broken, ...differences(calm.outcome, faulty.outcome)],
  };
}

interface RunOptions {
  readonly deadline: number;
  readonly report: (text: string) => void;
  readonly faults?: SoakOptions;
}

async function runOnce(setting: Setting, { deadline, report, faults }: RunOptions): Promise<SoakRun> {
  const { stack, wiring, modules, postgres } = setting;
  await startAfresh(postgres.url);
  await emptyFirestore(stack);
  const { query, close } = openQuery(stack.databaseUrl);
  const progress = new Progress();
  const log = modules.begin(progress);
  const before = await arrived(setting);
  const processes = wiring.workers.started();
  const sources = await enterInput({ stack, wiring, modulesUrl: modules.url, query }, setting.sources);

  const started = performance.now();
  const stop = new AbortController();
  const firing = fireRegularly(stack, query, { isSwept: faults !== undefined, stop: stop.signal });
  const failing = faults && letFail(setting, faults, { progress, stop: stop.signal });
  const feeding = feedAll({ stack, wiring, query, progress, sources, deadline, report });
  try {
    await unlessFailed(feeding, [firing, failing]);
  } finally {
    stop.abort();
    await Promise.allSettled([firing, failing]);
  }
  const ended = performance.now();
  const faultLog = await failing;
  const after = await arrived(setting);
  const told = toldFindings(after.mails.slice(before.mails.length), after.slack.slice(before.slack.length));
  const run = {
    outcome: await readOutcome(query, told),
    seconds: (ended - started) / 1_000,
    retries: await readRetries(query),
    processes: wiring.workers.started() - processes,
    repeatedFeeds: log.repeated,
    broken: await brokenPromises({ stack, query }, setting.sources, log),
    faults: faultLog,
    tailSeconds: faultLog === undefined ? 0 : (ended - faultLog.lastAt) / 1_000,
  };
  await close();
  return run;
}

/** Waits for the work, and no longer once something fails that runs beside it. */
function unlessFailed(work: Promise<void>, beside: readonly (Promise<unknown> | undefined)[]): Promise<void> {
  const failures = beside.map((one) => Promise.resolve(one).then(() => new Promise<never>(() => undefined)));
  return Promise.race([work, ...failures]);
}

async function arrived({ stack }: Setting) {
  return { mails: await stack.mails(), slack: [...stack.slackMessages()] };
}

function letFail(
  { postgres, wiring, sources }: Setting,
  options: SoakOptions,
  { progress, stop }: { progress: Progress; stop: AbortSignal },
): Promise<FaultLog> {
  const documents = countDocuments(sources);
  const target = {
    postgres,
    wiring,
    seed: options.seed,
    isFirstDropped: options.isFirstDropped,
    done: () => progress.total,
    share: () => progress.shareOf(documents),
  };
  return doFaults(target, planFaults(options), stop);
}
