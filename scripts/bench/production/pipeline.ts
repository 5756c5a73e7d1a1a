import { STAND_IN_TOKEN, startSlackStandIn } from "../../../functions/test/standins/slack.ts";
import { whenStopping } from "../../stack/shutdown.ts";
import { type Backends, startBackends } from "./backends.ts";
import { type FunctionProcess, startFunction } from "./functionProcess.ts";
import { HandOvers } from "./handOvers.ts";
import { type Deployed, functionsOf, makePrograms, type Programs } from "./programs.ts";
import { registerTriggers } from "./triggers.ts";

/** The functions from a raw answer to a message, one process of each, and what brings calls to them. */
export interface Pipeline {
  readonly backends: Backends;
  readonly handOvers: HandOvers;
  /** By the function's name. */
  readonly deployed: ReadonlyMap<string, Deployed>;
  readonly processes: ReadonlyMap<string, FunctionProcess>;
  /** Ends the functions. */
  stop(): Promise<void>;
  /** Resolves once a message whose text has this in it was posted in Slack. */
  toldOf(text: string): Promise<void>;
}

interface PipelineOptions {
  /** Of our functions. */
  readonly names: readonly string[];
  /** Whether the empty chain runs beside them. */
  readonly withChain?: boolean;
  readonly note: (text: string) => void;
}

/** The functions of the empty chain. */
export const CHAIN = ["keep", "handOver", "enqueue", "post"] as const;

/** Starts the functions as they are deployed, on a database and a Firestore that are empty. */
export async function startPipeline({ names, withChain = false, note }: PipelineOptions): Promise<Pipeline> {
  note("building the functions");
  const programs = await makePrograms();
  const handOvers = new HandOvers();
  const told = new Told();
  const slack = await startSlackStandIn({ onCall: () => told.look(slack.messages()) });
  whenStopping(slack.stop);
  const backends = await startBackends({ note, takeHandOver: handOvers.take, slackUrl: slack.apiUrl });
  note("starting the functions");
  const processes = new Map<string, FunctionProcess>();
  const deployed = new Map<string, Deployed>();
  const start = async (folder: string, wanted: readonly string[]) => {
    const found = await functionsOf(folder);
    const functions = wanted.flatMap((name) => found.get(name) ?? []);
    for (const one of functions) {
      const process = await startOne(programs, folder, one, backends);
      processes.set(one.name, process);
      deployed.set(one.name, one);
      handOvers.connect(one.name, { url: process.url, concurrency: one.concurrency });
    }
    await registerTriggers(backends.firestoreHost, functions);
  };
  await start(programs.ours, names);
  if (withChain) await start(programs.chain, CHAIN);
  const stop = async () => {
    for (const process of processes.values()) await process.stop();
  };
  return { backends, handOvers, deployed, processes, stop, toldOf: (text) => told.of(text) };
}

function startOne(
  { probe }: Programs,
  folder: string,
  { name, eventTrigger }: Deployed,
  { env }: Backends,
): Promise<FunctionProcess> {
  const isEvent = eventTrigger !== undefined;
  const more = { SLACK_TOKEN: STAND_IN_TOKEN, BENCH_COUNT: "1" };
  return startFunction({ name, folder, probe, isEvent, env: { ...env, ...more } });
}

/** Who waits for which message. */
class Told {
  private readonly waiting = new Map<string, () => void>();
  private seen = 0;

  of(text: string): Promise<void> {
    return new Promise((resolve) => this.waiting.set(text, resolve));
  }

  look(messages: readonly { readonly text: string }[]): void {
    for (const { text } of messages.slice(this.seen)) {
      for (const [wanted, resolve] of this.waiting) {
        if (!text.includes(wanted)) continue;
        this.waiting.delete(wanted);
        resolve();
      }
    }
    this.seen = messages.length;
  }
}
