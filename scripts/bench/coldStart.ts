import { request } from "node:http";
import { text } from "node:stream/consumers";
import { startBackends } from "./production/backends.ts";
import { type FirstCall, makeFirstCalls } from "./production/firstCalls.ts";
import { type FunctionProgram, startFunction } from "./production/functionProcess.ts";
import { type Deployed, functionsOf, makePrograms } from "./production/programs.ts";
import { EventCatcher, registerTriggers } from "./production/triggers.ts";
import { median, ratioOf, type Side, side, takeTurns } from "./rounds.ts";
import type { Figure, Suite, SuiteOptions } from "./suite.ts";

const STARTS = { full: 10, quick: 1 };
const SHOWN_WHEN_QUICK = ["health", "deliver", "normalizeRawData"];
// Beside how many of ours a hello world starts anew in each round.
const BESIDE_ONE_HELLO = 3;
const MAX_TIMES_HELLO = 1.5;
const MAX_MIB = 256;

/** What the work of some functions needs, which they load on first use: until then they start as fast as all others. */
const FIRESTORE = "the Firestore client";
const CONNECTION = "Firestore's connection, which the hello world has no need of";
const HEAVY: Readonly<Record<string, string>> = {
  feedRawData: FIRESTORE,
  askModule: FIRESTORE,
  mineCompany: FIRESTORE,
  mineCompanyAlone: FIRESTORE,
  normalizeAgain: FIRESTORE,
  processAgain: FIRESTORE,
  erase: FIRESTORE,
  retain: FIRESTORE,
  normalizeRawData: CONNECTION,
};

/** How long functions take from nothing to their first answer. */
export const coldStartSuite: Suite = {
  name: "coldStart",
  explains: "from the start of a process to its first answer, as deployed, against a hello world",
  run,
};

/** A function of ours, and its starts. */
interface Measured {
  readonly name: string;
  readonly isEvent: boolean;
  readonly working: Starts;
  /** Without any work; of those whose work needs a heavy library. */
  readonly idle: Starts | undefined;
}

async function run({ quick, note }: SuiteOptions): Promise<Figure[]> {
  note("building the functions");
  const { ours, hello, helloEvent, probe } = await makePrograms();
  const catcher = new EventCatcher();
  const backends = await startBackends({ note, takeHandOver: catcher.take });
  const deployed = [...(await functionsOf(ours)).values()];
  await registerTriggers(backends.firestoreHost, deployed);
  const firstCalls = await makeFirstCalls(backends, catcher);
  const env = backends.env;
  const measuredOf = (deployed: Deployed): Measured => {
    const { name, eventTrigger } = deployed;
    const isEvent = eventTrigger !== undefined;
    const program = { name, folder: ours, probe, isEvent, env };
    return {
      name,
      isEvent,
      working: new Starts(program, () => firstCalls.working(deployed)),
      idle: isRefusing(deployed) ? new Starts(program, async () => firstCalls.idle(deployed)) : undefined,
    };
  };
  const all = deployed.filter(({ name }) => !quick || SHOWN_WHEN_QUICK.includes(name)).map(measuredOf);
  const rounds = quick ? STARTS.quick : STARTS.full;
  const besideHello = async (group: readonly Measured[], world: Starts) => {
    note(group.map(({ name }) => name).join(", "));
    const starts = [world, ...group.flatMap(({ working, idle }) => (idle ? [working, idle] : [working]))];
    await takeTurns(
      starts.map((one) => one.side),
      rounds,
    );
    return group.flatMap((one) => figuresOf(one, world));
  };
  const figures: Figure[] = [];
  for (const group of inGroups(all.filter(({ isEvent }) => !isEvent))) {
    const world = new Starts({ name: "hello", folder: hello, probe, env }, firstCalls.hello);
    figures.push(...(await besideHello(group, world)));
  }
  for (const group of inGroups(all.filter(({ isEvent }) => isEvent))) {
    const program = { name: "helloEvent", folder: helloEvent, probe, env, isEvent: true };
    figures.push(...(await besideHello(group, new Starts(program, firstCalls.helloEvent))));
  }
  return [...figures, memoryFigure(all)];
}

/** Jobs and events cannot be refused: any call has these functions do their work. */
function isRefusing({ name, eventTrigger, scheduleTrigger }: Deployed): boolean {
  return name in HEAVY && eventTrigger === undefined && scheduleTrigger === undefined;
}

function inGroups<T>(all: readonly T[]): T[][] {
  const groups: T[][] = [];
  for (let first = 0; first < all.length; first += BESIDE_ONE_HELLO) {
    groups.push(all.slice(first, first + BESIDE_ONE_HELLO));
  }
  return groups;
}

/** Starts of one function with the same call, from nothing to its answer. */
class Starts {
  readonly side: Side;
  readonly mib: number[] = [];
  readonly processorMs: number[] = [];
  /** Of the last answer. */
  status = 0;

  constructor(program: FunctionProgram, call: () => Promise<FirstCall>) {
    this.side = side(async () => {
      const first = await call();
      const started = performance.now();
      const process = await startFunction(program);
      try {
        this.status = await send(process.url, first);
        const ms = performance.now() - started;
        if (this.status >= 500) throw new Error(`${program.name} answered ${this.status}: ${process.said()}`);
        const { peakMiB, processorSeconds } = await process.usage();
        this.mib.push(peakMiB);
        this.processorMs.push(processorSeconds * 1_000);
        return ms;
      } finally {
        await process.stop();
      }
    });
  }
}

function send(url: string, { method, path, headers, body = "" }: FirstCall): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, url), { method, headers, agent: false }, (response) => {
      text(response).then(() => resolve(response.statusCode ?? 500), reject);
    });
    sent.once("error", reject).end(body);
  });
}

function figuresOf({ name, isEvent, working, idle }: Measured, world: Starts): Figure[] {
  const against = isEvent ? "a hello world's that is told of documents" : "a hello world's";
  const target = { atMost: MAX_TIMES_HELLO };
  const until = working.status < 400 ? "its first work is done" : `its first answer, ${working.status}`;
  const done = figure(name, `until ${until}, by ${against}`, working, world);
  const heavy = HEAVY[name];
  if (heavy === undefined) return [{ ...done, target }];
  const besides = { ...done, explains: `${done.explains}; it loads ${heavy} meanwhile` };
  if (idle === undefined) return [besides];
  return [
    { ...figure(`${name}, idle`, `until it can refuse a call, by ${against}`, idle, world), target },
    besides,
  ];
}

function figure(name: string, explains: string, ours: Starts, world: Starts): Figure {
  return {
    name,
    explains,
    measured: { as: "ratio", ...ratioOf(ours.side, world.side) },
    absolute: [
      { what: "to the answer", value: median(ours.side.reached), unit: "ms" },
      { what: "processor time", value: median(ours.processorMs), unit: "ms" },
      { what: "most memory", value: Math.max(...ours.mib), unit: "MiB" },
      { what: "hello world to the answer", value: median(world.side.reached), unit: "ms" },
      { what: "hello world's processor time", value: median(world.processorMs), unit: "ms" },
    ],
  };
}

function memoryFigure(all: readonly Measured[]): Figure {
  const most = all.map(({ name, working }) => ({ what: name, value: Math.max(...working.mib), unit: "MiB" }));
  const largest = most.toSorted((a, b) => b.value - a.value);
  return {
    name: "most memory of any function",
    explains: "after start-up and its first work, which is a document of 20 kB for those that take one",
    measured: { as: "count", count: Math.round(largest[0]?.value ?? 0), unit: "MiB" },
    absolute: largest.slice(0, 5),
    target: { atMost: MAX_MIB },
  };
}
