import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  type MineSourcePayload,
  mineSourcePayload,
} from "../../functions/src/domain/miningCall/miningCall.ts";
import type { TransactionalDatabase } from "../../functions/src/platform/postgres.ts";
import type { EnqueueTasks } from "../../functions/src/platform/taskQueue.ts";
import { mineSource } from "../../functions/src/stages/mine/mineSource.ts";
import { tick } from "../../functions/src/stages/schedule/tick.ts";
import { insertSource, insertTask } from "../../functions/test/rows.ts";
import { countStatements } from "./countStatements.ts";
import { type BenchDatabase, openDatabase } from "./databases.ts";
import { median, ratioOf, type Side, secondsOf, side, takeTurns } from "./rounds.ts";
import type { Figure, Suite, SuiteOptions } from "./suite.ts";

const SIZES = {
  full: { sources: [10, 1_000, 10_000], companies: [10_000, 100_000], rounds: 5 },
  quick: { sources: [10, 100, 1_000], companies: [1_000, 5_000], rounds: 1 },
} as const;

/** Ticks and fan-outs of growing size. Tasks are counted, and go to no queue. */
export const scheduleSuite: Suite = {
  name: "schedule",
  explains: "a tick by the number of sources, and the fan-out of a task by the number of its companies",
  run,
};

async function run({ quick, note }: SuiteOptions): Promise<Figure[]> {
  const sizes = quick ? SIZES.quick : SIZES.full;
  return [
    ...(await tickFigures(sizes.sources, sizes.rounds, note)),
    ...(await fanOutFigures(sizes.companies, sizes.rounds, note)),
  ];
}

const START = new Date("2024-01-01T00:00:00Z");
const MINUTE = 60_000;

const SOURCES = `
  insert into data_source
    (source_name, is_active, frequency, health_status, invocation_endpoint, created_at, modified_at)
  select 'source-' || number, true, 'HOURLY', 'UP', 'http://127.0.0.1:9/', $2, $2
    from generate_series(1, $1::int) as number`;

/** Sources that all run every hour, and the time, which goes on with every tick. */
interface Clockwork {
  readonly database: BenchDatabase;
  readonly sources: number;
  now: Date;
}

async function tickFigures(
  sizes: readonly [number, number, number],
  rounds: number,
  note: SuiteOptions["note"],
): Promise<Figure[]> {
  const clockworks: Clockwork[] = [];
  for (const sources of sizes) {
    note(`${sources} sources`);
    const database = await openDatabase();
    await database.db.query(SOURCES, [sources, START]);
    await database.maintain("vacuum (analyze)");
    clockworks.push({ database, sources, now: START });
  }
  note("ticks");
  const due = clockworks.map((clockwork) => ticking(clockwork, 60));
  const idle = clockworks.map((clockwork) => ticking(clockwork, 1));
  await takeTurns(due, rounds);
  await takeTurns(idle, rounds);
  const figures = [
    ...growthOf(due, sizes, "tick in which all sources are due"),
    ...growthOf(idle, sizes, "tick in which none is due"),
  ];
  for (const clockwork of clockworks) {
    const counting = countStatements(clockwork.database.db);
    await tickAfter(clockwork, 60, counting);
    figures.push({
      name: `statements for a tick of ${clockwork.sources.toLocaleString("en")} sources`,
      explains: "what is sent to PostgreSQL, with BEGIN and COMMIT",
      measured: { as: "count", count: counting.count, unit: "statements" },
      absolute: [],
      target: { atMost: 10 },
    });
    await clockwork.database.drop();
  }
  return figures;
}

/** Seconds for a source. */
function ticking(clockwork: Clockwork, minutes: number): Side {
  return side(async () => {
    const { db, maintain } = clockwork.database;
    // What the last tick started has ended since.
    await db.query("update scheduled_task set status = 'SUCCESS' where status = 'PROCESSING'");
    // But for those of the slot that is due, which would be planned again.
    await db.query(
      "delete from scheduled_task where status = 'SUCCESS' and scheduled_at <= $1::timestamp - interval '1 hour'",
      [clockwork.now],
    );
    await maintain("vacuum scheduled_task, pipeline.task_run");
    return (await secondsOf(() => tickAfter(clockwork, minutes, db))) / clockwork.sources;
  });
}

async function tickAfter(clockwork: Clockwork, minutes: number, db: TransactionalDatabase): Promise<void> {
  clockwork.now = new Date(clockwork.now.getTime() + minutes * MINUTE);
  await tick({ db, enqueue: async () => undefined }, clockwork.now);
}

/** How the time for one source grows from each number of them to the next. */
function growthOf(sides: readonly Side[], sizes: readonly number[], what: string): Figure[] {
  return sides.slice(1).flatMap((more, index): Figure[] => {
    const fewer = sides[index];
    if (fewer === undefined) return [];
    const [from, to] = [sizes[index] ?? 0, sizes[index + 1] ?? 0];
    const isJudged = index === sides.length - 2;
    return [
      {
        name: `${what}: time per source from ${from.toLocaleString("en")} to ${to.toLocaleString("en")}`,
        explains: "milliseconds per source with more of them, divided by those with fewer; 1 is linear",
        measured: { as: "ratio", ...ratioOf(more, fewer) },
        absolute: [
          { what: "tick", value: median(fewer.reached) * from * 1_000, unit: `ms with ${from}` },
          { what: "tick", value: median(more.reached) * to * 1_000, unit: `ms with ${to}` },
        ],
        ...(isJudged ? { target: { atMost: CONSTANT } } : {}),
      },
    ];
  });
}

/** What still counts as constant: the rounds of a small tick, of a few milliseconds, are that far apart. */
const CONSTANT = 1.1;

const COMPANIES = `
  insert into company (name, modified_at) select 'company-' || number, $2 from generate_series(1, $1::int) as number`;

/** A source and its companies. */
interface Fan {
  readonly database: BenchDatabase;
  readonly sourceId: number;
  readonly companies: number;
}

async function fanOutFigures(
  [few, many]: readonly [number, number],
  rounds: number,
  note: SuiteOptions["note"],
): Promise<Figure[]> {
  note(`${many} companies`);
  const small = await makeFan(few);
  const large = await makeFan(many);
  note("fan-outs");
  const [ofSmall, ofLarge, atOnce] = [fanningOut(small), fanningOut(large), openingAtOnce(large)];
  await takeTurns([ofSmall, ofLarge, atOnce], rounds);
  note("memory of fan-outs");
  const [memoryOfSmall, memoryOfLarge] = [memoryOf(small), memoryOf(large)];
  await takeTurns([memoryOfSmall, memoryOfLarge], Math.min(rounds, 3));
  const statements = await statementsOf(large);
  for (const { database } of [small, large]) await database.drop();
  const sizes = `${few.toLocaleString("en")} to ${many.toLocaleString("en")}`;
  return [
    {
      name: `fan-out: companies per second from ${sizes} companies`,
      explains: "companies per second with many, divided by those with few; 1 is linear",
      measured: { as: "ratio", ...ratioOf(ofLarge, ofSmall) },
      absolute: [{ what: "fan-out", value: median(ofLarge.reached), unit: "companies/s" }],
    },
    {
      name: "fan-out: against one statement",
      explains: "companies per second, divided by those of one INSERT … SELECT that opens all calls at once",
      measured: { as: "ratio", ...ratioOf(ofLarge, atOnce) },
      absolute: [{ what: "at once", value: median(atOnce.reached), unit: "companies/s" }],
    },
    {
      name: `fan-out: memory from ${sizes} companies`,
      explains: "the most memory that is in use after any page, divided by the same with fewer companies",
      measured: { as: "ratio", ...ratioOf(memoryOfLarge, memoryOfSmall) },
      absolute: [{ what: "heap", value: median(memoryOfLarge.reached), unit: "MiB" }],
      target: { atMost: 1.05 },
    },
    {
      name: "fan-out: statements for a thousand companies",
      explains: "what is sent to PostgreSQL, with BEGIN and COMMIT",
      measured: { as: "count", count: statements / (many / 1_000), unit: "statements" },
      absolute: [],
    },
  ];
}

async function makeFan(companies: number): Promise<Fan> {
  const database = await openDatabase();
  const sourceId = await insertSource(database.db, { isActive: false, createdAt: START });
  await database.db.query(COMPANIES, [companies, START]);
  await database.maintain("vacuum (analyze)");
  return { database, sourceId, companies };
}

/** Companies per second. */
function fanningOut(fan: Fan): Side {
  return side(() =>
    withTask(fan, async (task) => {
      const seconds = await secondsOf(() => fanOut(fan.database.db, task));
      return fan.companies / seconds;
    }),
  );
}

const OPEN_AT_ONCE = `
  insert into pipeline.mining_call (task_id, company_id)
  select $1, company_id from company_data_source where data_source_id = $2 order by company_id`;

/** Companies per second of the least that opening the calls takes. */
function openingAtOnce(fan: Fan): Side {
  return side(() =>
    withTask(fan, async ({ taskId }) => {
      const seconds = await secondsOf(() => fan.database.db.query(OPEN_AT_ONCE, [taskId, fan.sourceId]));
      return fan.companies / seconds;
    }),
  );
}

/** The most MiB of the heap that are in use after any page. */
function memoryOf(fan: Fan): Side {
  return side(() =>
    withTask(fan, async (task) => {
      let most = 0;
      await fanOut(fan.database.db, task, () => {
        collectGarbage();
        most = Math.max(most, process.memoryUsage().heapUsed);
      });
      return most / 2 ** 20;
    }),
  );
}

async function statementsOf(fan: Fan): Promise<number> {
  const counting = countStatements(fan.database.db);
  return withTask(fan, async (task) => {
    await fanOut(counting, task);
    return counting.count;
  });
}

/** Does something with a task of the source that has just been started, and removes it. */
async function withTask<T>(
  { database, sourceId }: Fan,
  work: (task: { taskId: number; attempt: number }) => Promise<T>,
): Promise<T> {
  const { db, maintain } = database;
  const taskId = await insertTask(db, sourceId, { status: "PROCESSING", startedAt: START, attempts: 1 });
  const result = await work({ taskId, attempt: 1 });
  await db.query("delete from scheduled_task where task_id = $1", [taskId]);
  await maintain("vacuum pipeline.mining_call");
  return result;
}

/** Runs the pages of a task one after another, as the queue does; the companies' own tasks are left out. */
async function fanOut(
  db: TransactionalDatabase,
  task: { readonly taskId: number; readonly attempt: number },
  afterPage: () => void = () => undefined,
): Promise<void> {
  let next: MineSourcePayload | undefined = { ...task, after: 0 };
  while (next !== undefined) {
    const pages: MineSourcePayload[] = [];
    const enqueue: EnqueueTasks = async (queue, tasks) => {
      if (queue === "mineSource") pages.push(...tasks.map(({ payload }) => mineSourcePayload.parse(payload)));
    };
    await mineSource({ db, enqueue, now: START }, next);
    afterPage();
    next = pages[0];
  }
}

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");
