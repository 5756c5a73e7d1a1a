import { extractValues } from "../../functions/src/domain/extraction/extractValues.ts";
import { readFiled } from "../../functions/src/domain/extraction/filedDocument.ts";
import { writeExtraction } from "../../functions/src/domain/extraction/writeExtraction.ts";
import type { BlobStore } from "../../functions/src/domain/rawDocument/blobStore.ts";
import type { TransactionalDatabase } from "../../functions/src/platform/postgres.ts";
import { insertByCopy, insertByUnnest, rowsOf } from "./ceilings.ts";
import { countStatements } from "./countStatements.ts";
import { type BenchDatabase, openDatabase } from "./databases.ts";
import { type Portfolio, portfolioOf } from "./portfolio/filled.ts";
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
import { inWorkers } from "./workers.ts";

const SIZES = {
  full: {
    companies: 20,
    histories: [0, 100_000, 2_000_000],
    rounds: 5,
    documents: { flat: 160, repositories: 32, large: 1 },
    // Eight large ones at once are 230,000 values a round, for minutes.
    workers: { flat: [1, 8, 32], repositories: [1, 32], large: [1] },
  },
  quick: {
    companies: 3,
    histories: [0, 5_000, 20_000],
    rounds: 1,
    documents: { flat: 16, repositories: 8, large: 1 },
    workers: { flat: [8], repositories: [1], large: [1] },
  },
} as const;

/** Raw documents through the real normalization, beside the least that storing their values takes. */
export const normalizeSuite: Suite = {
  name: "normalize",
  explains: "raw documents into values in Postgres, against inserting the same rows and nothing else",
  run,
};

interface Setting {
  readonly database: BenchDatabase;
  readonly portfolio: Portfolio;
  readonly blobs: BlobStore;
}

async function run({ quick, note }: SuiteOptions): Promise<Figure[]> {
  const sizes = quick ? SIZES.quick : SIZES.full;
  const blobs = await openThrowAwayBlobs();
  const settings: Setting[] = [];
  for (const values of sizes.histories) {
    note(`a history of ${words(values)} values`);
    const portfolio = await portfolioOf({ values, companies: sizes.companies });
    settings.push({ portfolio, blobs, database: await openDatabase(portfolio.template) });
  }
  const largest = settings.at(-1);
  if (largest === undefined) throw new RangeError("There is no history to measure with");
  const figures = [...(await statementFigures(largest))];
  note("50 repositories by history");
  figures.push(...(await historyFigures(settings, sizes.documents.repositories, sizes.rounds)));
  for (const shape of ["repositories", "flat", "large"] as const) {
    const companies = largest.portfolio[shape];
    for (const workers of sizes.workers[shape]) {
      note(`${shapeOf(companies)}, ${workers} workers`);
      // Each worker has one at least; of small documents there are more, or there would be nothing to measure.
      const documents = Math.max(sizes.documents[shape], workers);
      figures.push(...(await ceilingFigures(largest, { companies, documents, workers }, sizes.rounds)));
    }
  }
  for (const { database } of settings) await database.drop();
  return figures;
}

interface Work {
  readonly companies: readonly ShapedCompany[];
  readonly documents: number;
  readonly workers: number;
}

/** Values per second of one side: `store` is what is timed. */
function valuesPerSecond(
  { database, blobs, portfolio }: Setting,
  { companies, documents, workers }: Work,
  store: (document: WaitingDocument) => Promise<unknown>,
): Side {
  return side(async () => {
    const filed = await fileDocuments(blobs, companies, { count: documents, after: dayOf(portfolio.days) });
    await recordWaiting(database.db, filed);
    const seconds = await secondsOf(() => inWorkers(filed, workers, store));
    await forget(database, filed, portfolio.values === 0);
    return filed.reduce((sum, { company }) => sum + company.extraction.values.length, 0) / seconds;
  });
}

/** What a run of the function does, apart from its calls to Firestore: reading the newest map, writing the batch. */
async function normalize(
  db: TransactionalDatabase,
  blobs: BlobStore,
  document: WaitingDocument,
): Promise<void> {
  const read = await readFiled(document, { db, blobStore: blobs }, true);
  const extraction = extractValues(document.company.source.map, read.rawData);
  await writeExtraction(db, { document: read, mapVersion: 1, extraction }, document.observedAt);
}

function sidesOf(setting: Setting, work: Work) {
  const { pool, copyPool, db } = setting.database;
  const rows = new Map(work.companies.map((company) => [company, rowsOf(company)]));
  return {
    ours: valuesPerSecond(setting, work, (document) => normalize(db, setting.blobs, document)),
    unnest: valuesPerSecond(setting, work, (document) =>
      insertByUnnest(pool, rows.get(document.company) ?? [], document),
    ),
    copy: valuesPerSecond(setting, work, (document) =>
      insertByCopy(copyPool, rows.get(document.company) ?? [], document),
    ),
  };
}

async function historyFigures(
  settings: readonly Setting[],
  documents: number,
  rounds: number,
): Promise<Figure[]> {
  const all = settings.map((setting) => {
    const work = { companies: setting.portfolio.repositories, documents, workers: 8 };
    return { history: words(setting.portfolio.values), ...sidesOf(setting, work) };
  });
  await takeTurns(
    all.flatMap(({ ours, unnest, copy }) => [ours, unnest, copy]),
    rounds,
  );
  const [none] = all;
  const most = all.at(-1);
  if (none === undefined || most === undefined) return [];
  return [
    ...all.flatMap(({ history, ours, unnest, copy }): Figure[] => [
      {
        name: `50 repositories, 8 workers, history of ${history}, against unnest`,
        explains: EXPLAINED.unnest,
        measured: { as: "ratio", ...ratioOf(ours, unnest) },
        absolute: speeds({ normalized: ours, inserted: unnest }),
        target: { atLeast: 0.6 },
      },
      {
        name: `50 repositories, 8 workers, history of ${history}, against COPY`,
        explains: EXPLAINED.copy,
        measured: { as: "ratio", ...ratioOf(ours, copy) },
        absolute: speeds({ copied: copy }),
      },
    ]),
    {
      name: "50 repositories, 8 workers, largest history against none",
      explains: "values per second with the largest history, divided by those in empty tables",
      measured: { as: "ratio", ...ratioOf(most.ours, none.ours) },
      absolute: speeds({ [`with ${most.history}`]: most.ours, "with none": none.ours }),
      target: { atLeast: 0.9 },
    },
    {
      name: "50 repositories, 8 workers, largest history against none, by unnest",
      explains: "the same of the insert alone: what PostgreSQL itself loses by the size of its tables",
      measured: { as: "ratio", ...ratioOf(most.unnest, none.unnest) },
      absolute: speeds({ [`with ${most.history}`]: most.unnest, "with none": none.unnest }),
    },
  ];
}

async function ceilingFigures(setting: Setting, work: Work, rounds: number): Promise<Figure[]> {
  const { ours, unnest, copy } = sidesOf(setting, work);
  await takeTurns([ours, unnest, copy], rounds);
  const name = `${shapeOf(work.companies)}, ${work.workers} ${work.workers === 1 ? "worker" : "workers"}`;
  return [
    {
      name: `${name}, against unnest`,
      explains: EXPLAINED.unnest,
      measured: { as: "ratio", ...ratioOf(ours, unnest) },
      absolute: speeds({ normalized: ours, inserted: unnest }),
    },
    {
      name: `${name}, against COPY`,
      explains: EXPLAINED.copy,
      measured: { as: "ratio", ...ratioOf(ours, copy) },
      absolute: speeds({ copied: copy }),
    },
  ];
}

const EXPLAINED = {
  unnest: "values per second, divided by those of one prepared INSERT … SELECT FROM unnest(…) per document",
  copy: "values per second, divided by those of one COPY per document and table",
};

/** What is sent to PostgreSQL for a document of each shape. */
async function statementFigures(setting: Setting): Promise<Figure[]> {
  const { database, blobs, portfolio } = setting;
  const { flat, repositories, large } = portfolio;
  const figures: Figure[] = [];
  for (const companies of [flat, repositories, large]) {
    const counting = countStatements(database.db);
    const filed = await fileDocuments(blobs, companies, { count: 1, after: dayOf(portfolio.days) });
    await recordWaiting(database.db, filed);
    for (const document of filed) await normalize(counting, blobs, document);
    await forget(database, filed, false);
    figures.push({
      name: `statements for ${shapeOf(companies)}`,
      explains: "what is sent to PostgreSQL for one document, with BEGIN and COMMIT",
      measured: { as: "count", count: counting.count, unit: "statements" },
      absolute: [],
      target: { atMost: 8 },
    });
  }
  return figures;
}

/** Takes back what a measurement has written, so that the next one finds the history as it was. */
async function forget(
  { db, maintain }: BenchDatabase,
  filed: readonly WaitingDocument[],
  isEmpty: boolean,
): Promise<void> {
  const ids = filed.map(({ id }) => id);
  const tables = new Set(
    filed.flatMap(({ company }) => company.extraction.values.map(({ stored }) => stored.table)),
  );
  for (const table of tables) {
    if (isEmpty) await db.query(`truncate measurement_${table}_value`);
    else {
      await db.query(`delete from measurement_${table}_value where raw_document_id = any ($1)`, [ids]);
      await maintain(`vacuum measurement_${table}_value`);
    }
  }
  await db.query("delete from pipeline.raw_document where id = any ($1)", [ids]);
}

function speeds(sides: Readonly<Record<string, Side>>): Figure["absolute"] {
  return Object.entries(sides).map(([what, { reached }]) => ({
    what,
    value: median(reached),
    unit: "values/s",
  }));
}

function shapeOf(companies: readonly ShapedCompany[]): string {
  return companies[0]?.source.shape.name ?? "";
}

/** A number as people say it: figures are named by it, whatever the history came to exactly. */
function words(values: number): string {
  if (values >= 950_000) return `${Math.round(values / 1_000_000)} M`;
  return values >= 950 ? `${Math.round(values / 1_000)} k` : String(values);
}
