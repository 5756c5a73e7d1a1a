import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { selectRow } from "../../functions/src/platform/postgres.ts";
import { insertTask } from "../../functions/test/rows.ts";
import { startExternalModule } from "../../functions/test/standins/externalModule.ts";
import { whenStopping } from "../stack/shutdown.ts";
import { type CallCost, type Counted, monthlyCost, USE } from "./cost/costModel.ts";
import { PRICES } from "./cost/prices.ts";
import { readShapes } from "./portfolio/shapes.ts";
import type { Backends } from "./production/backends.ts";
import type { Usage } from "./production/functionProcess.ts";
import { followStars, News, untilSettled } from "./production/news.ts";
import { type Pipeline, startPipeline } from "./production/pipeline.ts";
import { enterSource, type FedSource } from "./production/source.ts";
import { median } from "./rounds.ts";
import type { Figure, Suite, SuiteOptions } from "./suite.ts";

// PostgreSQL's own count of its time comes late from connections that have become idle.
const SIZES = {
  full: { companies: 60, ticks: 20, untilCountedMs: 11_000 },
  quick: { companies: 4, ticks: 3, untilCountedMs: 1_500 },
} as const;

/** The functions that each document calls once. */
const OF_A_DOCUMENT = ["mineCompany", "feedRawData", "crawlingFinished", "normalizeRawData", "analyzeBatch"];
const NAMES = ["schedule", "mineSource", ...OF_A_DOCUMENT, "deliver"];
const ROUTES = [
  ["/schedule", "schedule"],
  ["/feed-raw-data", "feedRawData"],
  ["/crawling-finished", "crawlingFinished"],
] as const;

const PORTFOLIOS = [100, 10_000, 1_000_000];

/** What a month costs, from what is counted while documents are mined. */
export const costSuite: Suite = {
  name: "cost",
  explains: `what a month costs at the list prices of ${PRICES.asOf}, from what one document takes here`,
  run,
};

async function run({ quick, note }: SuiteOptions): Promise<Figure[]> {
  const { companies, ticks, untilCountedMs } = quick ? SIZES.quick : SIZES.full;
  const pipeline = await startPipeline({ names: NAMES, note });
  for (const [path, name] of ROUTES) pipeline.handOvers.routes.set(path, name);
  const source = await enterMinedSource(pipeline, companies);
  note("mining what is measured against");
  // The source's first run is planned by the tick that starts it.
  await startDue(pipeline);
  await untilSettled(pipeline.backends);
  note(`mining ${companies} companies`);
  const meter = async () => {
    await setTimeout(untilCountedMs);
    return readMeter(pipeline);
  };
  const before = await meter();
  await insertTask(pipeline.backends.db, source.id);
  await startDue(pipeline);
  await untilSettled(pipeline.backends);
  const after = await meter();
  note(`${ticks} ticks with nothing to do`);
  for (let tick = 0; tick < ticks; tick += 1) await startDue(pipeline);
  const counted = countedOf(pipeline, { before, after, idle: await meter(), companies });
  await pipeline.stop();
  return [documentFigure(counted), ...PORTFOLIOS.map((size) => costFigure(size, counted))];
}

/** A source with a module that answers at once, and someone who is told of each change. */
async function enterMinedSource({ backends }: Pipeline, companies: number): Promise<FedSource> {
  const { repositories } = await readShapes();
  const news = new News(repositories);
  const named = new Map<string, { id: number; name: string }>();
  const module = await startExternalModule({
    name: repositories.map.Source,
    frequency: "daily",
    mappings: [],
    analyticsUrl: `http://${backends.handOverHost}`,
    sharedSecret: backends.env.PARMA_SHARED_SECRET_KEY,
    discover: (name) => ({ handles: [name] }),
    crawl: async (_property, handle) => news.next(named.get(handle) ?? { id: 0, name: handle }),
  });
  whenStopping(module.stop);
  const source = await enterSource(backends, { shape: repositories, companies, endpoint: module.url });
  for (const company of source.companies) named.set(company.name, company);
  await followStars(backends, source);
  return source;
}

async function startDue({ backends }: Pipeline): Promise<void> {
  const response = await fetch(`http://${backends.handOverHost}/schedule`, { method: "POST" });
  if (!response.ok) throw new Error(`The tick failed: ${await response.text()}`);
}

/** What has been used up until now. */
interface Meter {
  readonly functions: ReadonlyMap<string, Usage & { readonly printed: number; readonly calls: number }>;
  readonly tasks: number;
  readonly sqlSeconds: number;
  readonly databaseBytes: number;
  readonly series: number;
}

// Without what the detector knows, which is written anew for each document, and grows with the series and not with them.
const DATABASE = `
  select active_time / 1000 as "sqlSeconds",
         (pg_database_size(datname) - pg_total_relation_size('pipeline.detector_state'))::float as "databaseBytes",
         (select count(*)::int from pipeline.detector_state) as series
    from pg_stat_database where datname = current_database()`;
const databaseRow = z.object({ sqlSeconds: z.number(), databaseBytes: z.number(), series: z.int() });

async function readMeter({ backends, processes, handOvers }: Pipeline): Promise<Meter> {
  const database = await databaseMeter(backends);
  const functions = new Map<string, Usage & { printed: number; calls: number }>();
  for (const [name, process] of processes) {
    functions.set(name, {
      ...(await process.usage()),
      printed: process.printedBytes(),
      calls: handOvers.calls.get(name)?.count ?? 0,
    });
  }
  return { functions, tasks: handOvers.tasks, ...database };
}

async function databaseMeter({ db }: Backends): Promise<z.output<typeof databaseRow>> {
  const row = await selectRow(db, databaseRow, DATABASE);
  if (row === undefined) throw new Error("PostgreSQL does not count its time");
  return row;
}

interface Meters {
  readonly before: Meter;
  readonly after: Meter;
  /** After ticks with nothing to do. */
  readonly idle: Meter;
  readonly companies: number;
}

function countedOf(pipeline: Pipeline, { before, after, idle, companies }: Meters): Counted {
  const perDocument = (of: (meter: Meter) => number) => (of(after) - of(before)) / companies;
  const all = (of: (used: Usage & { printed: number }) => number) =>
    perDocument(({ functions }) => [...functions.values()].reduce((sum, used) => sum + of(used), 0));
  const costOf = (name: string, from: Meter, to: Meter) => callCost(pipeline, name, from, to);
  const [mineCompany, ...others] = OF_A_DOCUMENT.map((name) => costOf(name, before, after));
  if (mineCompany === undefined) throw new Error("Nothing was mined");
  return {
    document: [{ ...mineCompany, seconds: mineCompany.seconds + USE.moduleSeconds }, ...others],
    delivery: costOf("deliver", before, after),
    tick: costOf("schedule", after, idle),
    reads: all(({ reads }) => reads),
    writes: all(({ writes }) => writes),
    storedBytes: all(({ writtenBytes }) => writtenBytes),
    // Each document was news here, which is counted with the messages.
    tasks: perDocument(({ tasks }) => tasks) - 1,
    sqlSeconds: perDocument(({ sqlSeconds }) => sqlSeconds),
    valueBytes: perDocument(({ databaseBytes }) => databaseBytes),
    series: after.series / companies,
    logBytes: all(({ printed }) => printed),
  };
}

function callCost({ deployed, handOvers }: Pipeline, name: string, from: Meter, to: Meter): CallCost {
  const [begun, ended] = [from.functions.get(name), to.functions.get(name)];
  const found = deployed.get(name);
  if (begun === undefined || ended === undefined || found === undefined)
    throw new Error(`${name} does not run`);
  const calls = ended.calls - begun.calls;
  if (calls === 0) throw new Error(`${name} was not called`);
  return {
    processorSeconds: (ended.processorSeconds - begun.processorSeconds) / calls,
    seconds: median(handOvers.calls.get(name)?.seconds.slice(begun.calls, ended.calls) ?? []),
    memoryGiB: found.availableMemoryMb / 1_024,
    concurrency: found.concurrency,
  };
}

function documentFigure(counted: Counted): Figure {
  const { document, delivery, tick } = counted;
  const processor = document.reduce((sum, { processorSeconds }) => sum + processorSeconds, 0);
  return {
    name: "calls of functions for a document",
    explains:
      "from the call of its module to its analysis, of a document with 700 values; the rest is machine time",
    measured: { as: "count", count: document.length, unit: "calls" },
    absolute: [
      { what: "processor time", value: processor * 1_000, unit: "ms" },
      { what: "SQL time", value: counted.sqlSeconds * 1_000, unit: "ms" },
      { what: "Firestore reads", value: counted.reads, unit: "documents" },
      { what: "Firestore writes", value: counted.writes, unit: "documents" },
      { what: "written to Firestore", value: counted.storedBytes / 1_024, unit: "KiB" },
      { what: "tasks", value: counted.tasks, unit: "tasks" },
      { what: "in PostgreSQL", value: counted.valueBytes / 1_024, unit: "KiB" },
      { what: "series watched", value: counted.series, unit: "of a source about a company" },
      { what: "logged", value: counted.logBytes / 1_024, unit: "KiB" },
      { what: "a message's processor time", value: delivery.processorSeconds * 1_000, unit: "ms" },
      { what: "a tick's processor time", value: tick.processorSeconds * 1_000, unit: "ms" },
    ],
  };
}

function costFigure(companies: number, counted: Counted): Figure {
  const { total, parts } = monthlyCost(companies, counted);
  const { sourcesPerCompany, documentsPerSourceAndMonth, messagesPerCompanyAndMonth } = USE;
  const [largest] = parts;
  return {
    name: `${companies.toLocaleString("en")} companies`,
    explains:
      `${sourcesPerCompany} sources, ${documentsPerSourceAndMonth} documents of each and ` +
      `${messagesPerCompanyAndMonth} messages a company and month; most of it is for ${largest?.part}`,
    measured: { as: "count", count: Math.round(total), unit: "US dollars a month" },
    absolute: parts.map(({ part, dollars }) => ({ what: part, value: dollars, unit: "US dollars" })),
  };
}
