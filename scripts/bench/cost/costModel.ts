import { PRICES } from "./prices.ts";

/** What a call of one function takes. */
export interface CallCost {
  readonly processorSeconds: number;
  readonly seconds: number;
  readonly memoryGiB: number;
  /** How many of them an instance takes at once. */
  readonly concurrency: number;
}

/** What was counted, for one document from its mining to its analysis, and for one message. */
export interface Counted {
  /** The functions that each document calls once. */
  readonly document: readonly CallCost[];
  readonly delivery: CallCost;
  readonly tick: CallCost;
  readonly reads: number;
  readonly writes: number;
  /** In Firestore, of one document. */
  readonly storedBytes: number;
  readonly tasks: number;
  readonly sqlSeconds: number;
  /** In PostgreSQL, of one document: its values with their indexes. */
  readonly valueBytes: number;
  /** Of one source about one company, that the detector watches. */
  readonly series: number;
  readonly logBytes: number;
}

/** How the pipeline is used. These are assumptions, and all that is not measured. */
export const USE = {
  sourcesPerCompany: 3,
  documentsPerSourceAndMonth: 30,
  messagesPerCompanyAndMonth: 8,
  /** Of those that the platform starts: ticks, sweeps, checks. Each is taken to cost what a tick does. */
  scheduledRuns: 1_440 + 8_640 + 720 + 30,
  schedulerJobs: 5,
  /** All sources are mined within these hours of a day. */
  miningHours: 4,
  /** What a module takes to answer for a company, while a call waits. */
  moduleSeconds: 5,
  monthsKept: 12,
  /** What the detector knows of a series with a year of daily points. */
  bytesPerSeries: 14_000,
} as const;

/** A month's cost in US dollars, by what it is spent on. */
export interface Cost {
  readonly total: number;
  readonly parts: readonly { readonly part: string; readonly dollars: number }[];
}

/** A month's cost for so many companies. */
export function monthlyCost(companies: number, counted: Counted): Cost {
  const documents = companies * USE.sourcesPerCompany * USE.documentsPerSourceAndMonth;
  const messages = companies * USE.messagesPerCompanyAndMonth;
  const perSecond = documents / 30 / (USE.miningHours * 3_600);
  const parts = [
    {
      part: "functions",
      dollars:
        documents * sum(counted.document.map((call) => callDollars(call, perSecond))) +
        messages * callDollars(counted.delivery, 0) +
        USE.scheduledRuns * callDollars(counted.tick, 0),
    },
    { part: "Firestore operations", dollars: documents * firestoreDollars(counted) },
    {
      part: "Firestore storage",
      dollars: gib(documents * counted.storedBytes * USE.monthsKept) * PRICES.firestore.gibMonth,
    },
    {
      part: "tasks and schedules",
      dollars:
        ((documents * counted.tasks + messages) * 2 * PRICES.tasks.millionOperations) / 1e6 +
        USE.schedulerJobs * PRICES.scheduler.job,
    },
    { part: "PostgreSQL", dollars: serverDollars(perSecond * counted.sqlSeconds) },
    {
      part: "PostgreSQL storage",
      dollars:
        gib(
          documents * counted.valueBytes * USE.monthsKept +
            companies * USE.sourcesPerCompany * counted.series * USE.bytesPerSeries,
        ) * PRICES.sql.gibMonth,
    },
    { part: "logs", dollars: gib(documents * counted.logBytes) * PRICES.logging.gib },
  ];
  return {
    total: sum(parts.map(({ dollars }) => dollars)),
    parts: parts.toSorted((a, b) => b.dollars - a.dollars),
  };
}

// Cloud Run starts another instance when one's processor is busier than that.
const BUSY = 0.6;
// And bills each time that an instance is at work by tenths of a second.
const BILLED_SECONDS = 0.1;

/** A call's share of the instances' time, where calls of this function come so often; and the call itself. */
function callDollars(
  { processorSeconds, seconds, memoryGiB, concurrency }: CallCost,
  perSecond: number,
): number {
  const atOnce = Math.min(concurrency, Math.max(1, perSecond * seconds));
  const alone = Math.ceil(seconds / BILLED_SECONDS) * BILLED_SECONDS;
  const billed = Math.max(processorSeconds / BUSY, alone / atOnce);
  const { vcpuSecond, gibSecond, million } = PRICES.run;
  return billed * (vcpuSecond + memoryGiB * gibSecond) + million / 1e6;
}

function firestoreDollars({ reads, writes }: Counted): number {
  const { hundredThousandReads, hundredThousandWrites } = PRICES.firestore;
  return (reads * hundredThousandReads + writes * hundredThousandWrites) / 1e5;
}

const GIB_PER_VCPU = 3.75;
const HOURS = 730;

/** A server that is there all the time, and large enough for the hours in which all is mined. */
function serverDollars(busyProcessors: number): number {
  const vcpus = Math.max(1, Math.ceil(busyProcessors / BUSY));
  return vcpus * HOURS * (PRICES.sql.vcpuHour + GIB_PER_VCPU * PRICES.sql.gibHour);
}

function gib(bytes: number): number {
  return bytes / 2 ** 30;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
