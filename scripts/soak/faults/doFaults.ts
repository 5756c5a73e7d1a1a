import { setTimeout } from "node:timers/promises";
import type { Postgres } from "../../stack/postgres.ts";
import { randomOf } from "../random.ts";
import type { Wiring } from "../wiring.ts";
import type { Odds } from "./handOvers.ts";
import type { Fault } from "./planFaults.ts";

/** What went wrong on purpose. */
export interface FaultLog {
  /** By kind: "kill normalizeRawData", "cut postgres" … */
  readonly counts: Map<string, number>;
  /** When the last one was over. */
  lastAt: number;
  /** How long it took from each restart of PostgreSQL until the next document was done with. */
  readonly recoveriesMs: number[];
}

interface Target {
  readonly postgres: Postgres;
  readonly wiring: Wiring;
  readonly seed: number;
  /** Whether every event and every task gets lost the first time. */
  readonly isFirstDropped: boolean;
  /** How many documents are done with. */
  readonly done: () => number;
  /** How much of the work is done: from 0 to 1. */
  readonly share: () => number;
}

const LOOK_EVERY_MS = 20;
// Of all tasks and all events.
const ODDS: Odds = { dropped: 0.02, doubled: 0.04, late: 0.05 };

/** Lets the faults happen when it is their turn, until it is stopped. */
export async function doFaults(
  target: Target,
  faults: readonly Fault[],
  stop: AbortSignal,
): Promise<FaultLog> {
  const { wiring, seed, isFirstDropped, share } = target;
  const log: FaultLog = { counts: new Map(), lastAt: performance.now(), recoveriesMs: [] };
  wiring.tasks.disturb({ odds: ODDS, random: randomOf(seed, "tasks"), isFirstDropped });
  wiring.events.disturb({ odds: ODDS, random: randomOf(seed, "events"), isFirstDropped });
  const happening: Promise<void>[] = [];
  const recovering: Promise<void>[] = [];
  let restarted = Promise.resolve();
  for (const fault of faults) {
    while (share() < fault.at && !stop.aborted) await setTimeout(LOOK_EVERY_MS);
    if (stop.aborted) break;
    // Things go wrong at the same time, but a server is restarted once it runs.
    const before = fault.kind === "restart" ? restarted : Promise.resolve();
    const happened = before
      .then(() => happen(target, fault, stop))
      .then((what) => {
        log.counts.set(what, (log.counts.get(what) ?? 0) + 1);
        log.lastAt = performance.now();
      });
    if (fault.kind === "restart") {
      restarted = happened;
      recovering.push(
        happened.then(
          () => untilNextDocument(target, log, stop),
          () => undefined,
        ),
      );
    }
    // What cannot be done is told in the end.
    happened.catch(() => undefined);
    happening.push(happened);
  }
  await Promise.all([...happening, ...recovering]);
  for (const [name, handOvers] of [
    ["task", wiring.tasks],
    ["event", wiring.events],
  ] as const) {
    handOvers.disturb(undefined);
    for (const [mishap, count] of handOvers.counts) log.counts.set(`${name} ${mishap}`, count);
  }
  return log;
}

/** @returns what happened, in words */
async function happen({ postgres, wiring, seed }: Target, fault: Fault, stop: AbortSignal): Promise<string> {
  switch (fault.kind) {
    case "kill": {
      const killed = await wiring.workers.kill(randomOf(seed, `kill at ${fault.at}`), stop);
      return killed === undefined ? "kill missed" : `kill ${killed}`;
    }
    case "restart":
      // A server of this size is back in a moment; one in production takes longer.
      wiring.connections.postgres.refuse(fault.downMs);
      await postgres.restart(fault.mode);
      return `restart ${fault.mode}`;
    case "cut":
      wiring.connections[fault.connection].cut();
      break;
    case "refuse":
      wiring.connections[fault.connection].refuse(fault.ms);
      break;
    case "stall":
      wiring.connections[fault.connection].stall(fault.ms);
      break;
  }
  return `${fault.kind} ${fault.connection}`;
}

/** Takes the time from a restart until the pipeline has got another document done. */
async function untilNextDocument({ done }: Target, log: FaultLog, stop: AbortSignal): Promise<void> {
  const [started, before] = [performance.now(), done()];
  while (done() === before) {
    if (stop.aborted) return;
    await setTimeout(LOOK_EVERY_MS);
  }
  log.recoveriesMs.push(performance.now() - started);
}
