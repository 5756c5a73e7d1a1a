import { writeExtraction } from "../../functions/src/domain/extraction/writeExtraction.ts";
import type { BlobStore } from "../../functions/src/domain/rawDocument/blobStore.ts";
import type { Database, TransactionalDatabase } from "../../functions/src/platform/postgres.ts";
import { type AnalyzeContext, analyzeBatch } from "../../functions/src/stages/analyze/analyzeBatch.ts";
import { countStatements } from "./countStatements.ts";
import { type BenchDatabase, openDatabase } from "./databases.ts";
import { readHistories, type SeriesOfTable, seriesOf } from "./histories.ts";
import { type Portfolio, portfolioOf } from "./portfolio/filled.ts";
import { letDetectorLearn } from "./portfolio/history.ts";
import {
  dayOf,
  fileDocuments,
  openThrowAwayBlobs,
  recordWaiting,
  type ShapedCompany,
  type WaitingDocument,
} from "./portfolio/portfolio.ts";
import { median, ratioOf, type Side, secondsOf, side, takeTurns } from "./rounds.ts";
import type { Figure, Suite, SuiteOptions } from "./suite.ts";

const SIZES = {
  // Daily points of four weeks, and of a year and a half.
  full: { companies: 5, histories: [100_000, 2_000_000], rounds: 5 },
  quick: { companies: 3, histories: [20_000], rounds: 1 },
} as const;

/** What the detector judges again when it has to. */
const WHOLE_HISTORY = 500;

/** Rules and detector over the values of raw documents, beside reading the histories that they are about. */
export const analyzeSuite: Suite = {
  name: "analyze",
  explains: "rules and detector over the values of a document, against reading the histories of its numbers",
  run,
};

interface Setting {
  readonly database: BenchDatabase;
  readonly portfolio: Portfolio;
  readonly blobs: BlobStore;
}

async function run({ quick, note }: SuiteOptions): Promise<Figure[]> {
  const { companies, histories, rounds } = quick ? SIZES.quick : SIZES.full;
  const blobs = await openThrowAwayBlobs();
  const figures: Figure[] = [];
  for (const values of histories) {
    note(`a history of ${values} values`);
    const portfolio = await portfolioOf({ values, companies });
    const database = await openDatabase(portfolio.template);
    await letDetectorLearn(database.db);
    await makeRules(database.db);
    const setting = { database, portfolio, blobs };
    for (const shaped of [portfolio.repositories, portfolio.flat]) {
      note(`${shapeOf(shaped)}, ${portfolio.days} points in each series`);
      figures.push(await speedFigure(setting, shaped, rounds));
    }
    if (values === histories.at(-1)) figures.push(...(await statementFigures(setting)));
    await database.drop();
  }
  return figures;
}

const RULES = `
  insert into notification_rules
    (rule_name, source_measurement_id, threshold, aggregation_method, num_aggregation_entries, modified_at)
  select 'rule', id, 10, method, entries, now()
    from source_measurement
    cross join (values ('LAST', 1), ('AVG', 10)) as comparison (method, entries)
   where type in ('int', 'float')`;

/** Two rules on each measurement of numbers: against the last value, and against the average of the last ten. */
async function makeRules(db: Database): Promise<void> {
  await db.query(RULES);
}

async function speedFigure(
  setting: Setting,
  companies: readonly ShapedCompany[],
  rounds: number,
): Promise<Figure> {
  const ours = analyzing(setting, companies);
  const reading = readingHistories(setting, companies);
  await takeTurns([ours, reading], rounds);
  const { days, values } = setting.portfolio;
  const absolute = [
    { what: "analyzing", value: median(ours.reached) * 1_000, unit: "ms a document" },
    { what: "reading", value: median(reading.reached) * 1_000, unit: "ms" },
    { what: "series of numbers", value: numbersIn(companies), unit: `with ${days} points each` },
  ];
  return {
    name: `${shapeOf(companies)}, history of ${values.toLocaleString("en")}`,
    explains: "time to analyze a document, divided by that of one indexed query for its numbers' histories",
    measured: { as: "ratio", ...ratioOf(ours, reading) },
    absolute,
    target: { atMost: 1.5 },
  };
}

/** Seconds for a document. */
function analyzing(setting: Setting, companies: readonly ShapedCompany[]): Side {
  const { db } = setting.database;
  return side(async () => {
    const filed = await normalizeNew(setting, companies);
    const seconds = await secondsOf(async () => {
      for (const { id, observedAt } of filed) await analyzeBatch(contextOf(db, observedAt), id);
    });
    await forget(setting.database, filed);
    return seconds / filed.length;
  });
}

function contextOf(db: TransactionalDatabase, now: Date): AnalyzeContext {
  return {
    db,
    enqueue: async () => undefined,
    settings: { detector: { falseAlarmRate: 0.001 }, spacingMs: 168 * 3_600_000 },
    improvesNews: false,
    now,
  };
}

/** Seconds for the series of a document. */
function readingHistories({ database, portfolio }: Setting, companies: readonly ShapedCompany[]): Side {
  const series: SeriesOfTable[][] = companies.map(seriesOf);
  return side(async () => {
    const seconds = await secondsOf(async () => {
      for (const one of series) {
        await readHistories(database.pool, one, { until: dayOf(portfolio.days), points: WHOLE_HISTORY });
      }
    });
    return seconds / series.length;
  });
}

/** A new document of each company, as stage 4 leaves it. */
async function normalizeNew(
  { database, blobs, portfolio }: Setting,
  companies: readonly ShapedCompany[],
): Promise<readonly WaitingDocument[]> {
  const { db } = database;
  const after = dayOf(portfolio.days);
  const filed = await fileDocuments(blobs, companies, { count: companies.length, after });
  await recordWaiting(db, filed);
  for (const { id, path, company, observedAt } of filed) {
    const { source, companyId, extraction } = company;
    const origin = {
      id,
      path,
      sourceId: source.id,
      companyId,
      taskId: null,
      observedAt,
      receivedAt: observedAt,
    };
    await writeExtraction(db, { document: origin, mapVersion: 1, extraction }, observedAt);
  }
  return filed;
}

/** Takes back the documents of a measurement: the next ones are to have the same history. */
async function forget({ db, maintain }: BenchDatabase, filed: readonly WaitingDocument[]): Promise<void> {
  const ids = filed.map(({ id }) => id);
  const tables = new Set(
    filed.flatMap(({ company }) => company.extraction.values.map(({ stored }) => stored.table)),
  );
  for (const table of tables) {
    await db.query(`delete from measurement_${table}_value where raw_document_id = any ($1)`, [ids]);
    await maintain(`vacuum measurement_${table}_value`);
  }
  await db.query("delete from pipeline.raw_document where id = any ($1)", [ids]);
  await maintain("vacuum pipeline.detector_state");
}

/** What is sent to PostgreSQL for a document of each shape. */
async function statementFigures(setting: Setting): Promise<Figure[]> {
  const { flat, repositories, large } = setting.portfolio;
  const counts: number[] = [];
  for (const companies of [flat, repositories, large]) {
    const counting = countStatements(setting.database.db);
    const filed = await normalizeNew(setting, companies.slice(0, 1));
    for (const { id, observedAt } of filed) await analyzeBatch(contextOf(counting, observedAt), id);
    await forget(setting.database, filed);
    counts.push(counting.count);
  }
  return [
    {
      name: "statements more for the largest document than for the smallest",
      explains: "what is sent to PostgreSQL for 28,000 values, less what is for 13, with BEGIN and COMMIT",
      measured: { as: "count", count: (counts.at(-1) ?? 0) - (counts[0] ?? 0), unit: "statements" },
      absolute: counts.map((value, index) => ({
        what: ["flat", "50 repositories", "900 kB"][index] ?? "",
        value,
        unit: "statements",
      })),
      target: { atMost: 0 },
    },
  ];
}

function numbersIn(companies: readonly ShapedCompany[]): number {
  const [company] = companies;
  return company === undefined ? 0 : seriesOf(company).reduce((sum, { series }) => sum + series.length, 0);
}

function shapeOf(companies: readonly ShapedCompany[]): string {
  return companies[0]?.source.shape.name ?? "";
}
