import autocannon from "autocannon";
import { signModuleTokens } from "../../functions/src/domain/miningModule/moduleToken.ts";
import { insertCompany, insertSource } from "../../functions/test/rows.ts";
import { firestoreWriteFigure } from "./firestoreWrite.ts";
import { readShapes } from "./portfolio/shapes.ts";
import { type Backends, startBackends } from "./production/backends.ts";
import { type FunctionProcess, startFunction } from "./production/functionProcess.ts";
import { makePrograms, type Programs } from "./production/programs.ts";
import { median, ratioOf, type Side, side, takeTurns } from "./rounds.ts";
import type { Absolute, Figure, Suite, SuiteOptions } from "./suite.ts";

const SIZES = {
  full: { rounds: 9, small: 1_500, big: 60, writes: 1_000 },
  quick: { rounds: 1, small: 40, big: 4, writes: 60 },
} as const;

// As many as an instance of the function takes at once.
const CONNECTIONS = 4;

/** The function that takes in raw answers, under load. */
export const ingestSuite: Suite = {
  name: "ingest",
  explains:
    "feed-raw-data under load, against an empty function of the same framework that parses the same body",
  run,
};

interface Loads {
  readonly empty: Load;
  readonly ours: Load;
  /** Everything but the creation of the document in Firestore. */
  readonly withoutWrite: Load;
}

async function run({ quick, note }: SuiteOptions): Promise<Figure[]> {
  const sizes = quick ? SIZES.quick : SIZES.full;
  note("building the functions");
  const programs = await makePrograms();
  const backends = await startBackends({ note });
  const processes = await startProcesses(programs, backends);
  const { repositories, large } = await readShapes();
  const loads = async (answer: object, requests: number): Promise<Loads> => {
    const feed = await makeFeed(backends, answer);
    return {
      empty: new Load(processes.empty, feed, requests),
      ours: new Load(processes.ours, feed, requests),
      withoutWrite: new Load(processes.withoutWrite, feed, requests),
    };
  };
  note("20 kB");
  const small = await loads(repositories.answer("bench"), sizes.small);
  await takeTurns([small.withoutWrite.side, small.empty.side, small.ours.side], sizes.rounds);
  note("900 kB");
  const big = await loads(large.answer("bench"), sizes.big);
  await takeTurns([big.ours.side, big.empty.side], sizes.rounds);
  note("Firestore");
  const write = await firestoreWriteFigure(repositories.answer("bench"), sizes);
  for (const process of Object.values(processes)) await process.stop();
  return [
    throughput("20 kB without the write", "all of feed-raw-data but the creation in Firestore", {
      ours: small.withoutWrite,
      empty: small.empty,
      target: { atLeast: 0.5 },
    }),
    throughput("20 kB", "feed-raw-data with the Firestore emulator on the same machine", small),
    throughput("900 kB", "feed-raw-data of what goes to the blob store", big),
    write,
  ];
}

async function startProcesses(programs: Programs, { env }: Backends) {
  const feedRawData = { name: "feedRawData", folder: programs.ours, probe: programs.probe };
  return {
    empty: await startFunction({ name: "parse", folder: programs.hello, probe: programs.probe, env }),
    ours: await startFunction({ ...feedRawData, env }),
    withoutWrite: await startFunction({ ...feedRawData, env: { ...env, BENCH_WITHOUT_WRITE: "1" } }),
  };
}

/** A feed that is another one each time, as one that was there is not written again. */
interface Feed {
  readonly token: string;
  next(): string;
}

async function makeFeed({ db }: Backends, answer: object): Promise<Feed> {
  const sourceId = await insertSource(db, { name: "bench", isActive: false });
  const companyId = await insertCompany(db, "bench");
  const [token] = await signModuleTokens({ sourceId }, { now: new Date(), lifeSeconds: 3_600 });
  const end = JSON.stringify({ ...answer, source_name: "bench" }).slice(1);
  const start = `{"source_name":"bench","company_id":"${companyId}","raw_data":{"run":`;
  let count = 0;
  return {
    token,
    next: () => {
      count += 1;
      return `${start}${count},${end}}`;
    },
  };
}

/** Requests as fast as they are answered, and what came of them. */
class Load {
  readonly side: Side;
  readonly p50: number[] = [];
  readonly p99: number[] = [];
  readonly processorMs: number[] = [];

  constructor(process: FunctionProcess, feed: Feed, count: number) {
    this.side = side(async () => {
      const before = await process.usage();
      const started = performance.now();
      const result = await autocannon({
        url: process.url,
        connections: CONNECTIONS,
        amount: count,
        // How often it looks whether it is done.
        sampleInt: 10,
        requests: [
          {
            method: "POST",
            headers: { "content-type": "application/json", authorization: `Bearer ${feed.token}` },
            setupRequest: (request) => ({ ...request, body: feed.next() }),
          },
        ],
      });
      const seconds = (performance.now() - started) / 1_000;
      const after = await process.usage();
      if (result.non2xx > 0 || result.errors > 0) {
        throw new Error(`${result.non2xx + result.errors} feeds were refused: ${process.said()}`);
      }
      this.p50.push(result.latency.p50);
      this.p99.push(result.latency.p99);
      this.processorMs.push(((after.processorSeconds - before.processorSeconds) * 1_000) / count);
      return count / seconds;
    });
  }
}

interface Sides {
  readonly ours: Load;
  readonly empty: Load;
  readonly target?: Figure["target"];
}

function throughput(name: string, explains: string, { ours, empty, target }: Sides): Figure {
  return {
    name,
    explains: `${explains}: requests per second by the empty function's`,
    measured: { as: "ratio", ...ratioOf(ours.side, empty.side) },
    absolute: [...absolutes("", ours), ...absolutes("the empty function's ", empty)],
    ...(target && { target }),
  };
}

function absolutes(whose: string, { side: { reached }, p50, p99, processorMs }: Load): Absolute[] {
  return [
    { what: `${whose}throughput`, value: median(reached), unit: "requests/s" },
    { what: `${whose}p50`, value: median(p50), unit: "ms" },
    { what: `${whose}p99`, value: median(p99), unit: "ms" },
    { what: `${whose}processor time`, value: median(processorMs), unit: "ms/request" },
  ];
}
