import { z } from "zod";
import { type Database, selectRow, selectRows } from "../../functions/src/platform/postgres.ts";
import type { RegisteredSource } from "./demoSources.ts";
import { VALUE_TYPES, type ValueCounts } from "./expectation.ts";
import type { Point } from "./lineChart.ts";

/** A source's result, read from the databases. */
export interface SourceOutcome {
  readonly source: RegisteredSource;
  readonly companies: number;
  readonly calls: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly rawDocuments: number;
  /** Raw documents that could not be normalized at all. */
  readonly failedDocuments: number;
  readonly values: ValueCounts;
  readonly issues: number;
}

/** A company's mining call that failed. */
export interface Failure {
  readonly source: string;
  readonly company: string;
  readonly error: string;
}

/** A series of a company, to draw. */
export interface Series {
  readonly company: string;
  readonly title: string;
  readonly points: readonly Point[];
}

const COUNTS = `
  select (select count(*)::int from company_data_source where data_source_id = $1) as companies,
         calls.*, documents.*,
         (select count(*)::int
            from pipeline.normalization_issue i
            join pipeline.raw_document r on r.id = i.raw_document_id
           where r.data_source_id = $1) as issues
    from (select count(*)::int as calls,
                 count(*) filter (where c.state = 'SUCCEEDED')::int as succeeded,
                 count(*) filter (where c.state = 'FAILED')::int as failed
            from pipeline.mining_call c
            join scheduled_task t on t.task_id = c.task_id
           where t.data_source_id = $1) as calls,
         (select count(*) filter (where state = 'FAILED')::int as "failedDocuments"
            from pipeline.raw_document where data_source_id = $1) as documents`;

const counts = z.object({
  companies: z.number(),
  calls: z.number(),
  succeeded: z.number(),
  failed: z.number(),
  failedDocuments: z.number(),
  issues: z.number(),
});

const VALUES = VALUE_TYPES.map(
  (type) => `
  select '${type}' as type, count(*)::int as values
    from measurement_${type}_value v
    join company_source_measurement c on c.company_measurement_id = v.company_measurement_id
    join source_measurement m on m.id = c.source_measurement_id
   where m.source_module_id = $1`,
).join("\n  union all");

/** Reads a source's result. */
export async function readOutcome(
  db: Database,
  source: RegisteredSource,
  rawDocuments: number,
): Promise<SourceOutcome> {
  const row = await selectRow(db, counts, COUNTS, [source.id]);
  if (row === undefined) throw new Error(`The data source ${source.name} is gone`);
  const values = await selectRows(db, z.object({ type: z.string(), values: z.number() }), VALUES, [
    source.id,
  ]);
  const byType = values.filter((count) => count.values > 0).map((count) => [count.type, count.values]);
  return { source, rawDocuments, ...row, values: Object.fromEntries(byType) };
}

const FAILURES = `
  select d.source_name as source, c.name as company, concat_ws(': ', call.error_type, call.error_text) as error
    from pipeline.mining_call call
    join scheduled_task t on t.task_id = call.task_id
    join data_source d on d.id = t.data_source_id
    join company c on c.id = call.company_id
   where call.state = 'FAILED'
   order by call.id`;

const failure = z.object({ source: z.string(), company: z.string(), error: z.string() });

/** Reads which companies could not be mined, and why. */
export function readFailures(db: Database): Promise<Failure[]> {
  return selectRows(db, failure, FAILURES);
}

const seriesOf = (selection: string, table: string) => `
  select c.name as company, ${selection}
    from ${table} v
    join company_source_measurement cm on cm.company_measurement_id = v.company_measurement_id
    join source_measurement m on m.id = cm.source_measurement_id
    join company c on c.id = cm.company_id
   where m.source_module_id = $1 and m.measurement_name = $2`;

const SERIES = {
  values: `${seriesOf('v."timestamp" as at, v.value', "measurement_float_value")} order by cm.company_id, at`,
  dates: `${seriesOf(
    "v.value as at, row_number() over (partition by cm.company_id order by v.value)::int as value",
    "measurement_date_value",
  )} order by cm.company_id, value`,
};

const point = z.object({ company: z.string(), at: z.date(), value: z.number() });

/** Reads the series of a source to draw, one for each company that has values. */
export async function readSeries(db: Database, { id, chart }: RegisteredSource): Promise<Series[]> {
  const points = await selectRows(db, point, SERIES[chart.of], [id, chart.measurement]);
  return [...Map.groupBy(points, ({ company }) => company)].map(([company, ofCompany]) => ({
    company,
    title: chart.title,
    points: ofCompany,
  }));
}

/** Lists where a source's result differs from what its input implies. */
export function differences({ source, ...outcome }: SourceOutcome): string[] {
  const { expected, name } = source;
  const companies = source.companies.length;
  const wanted = { ...expected, companies, calls: companies, failedDocuments: 0 };
  const ofCounts = COUNTED.filter(([key]) => outcome[key] !== wanted[key]).map(
    ([key, what]) => `${name}: ${outcome[key]} ${what}, expected ${wanted[key]}`,
  );
  const ofValues = VALUE_TYPES.filter(
    (type) => (outcome.values[type] ?? 0) !== (expected.values[type] ?? 0),
  ).map(
    (type) => `${name}: ${outcome.values[type] ?? 0} ${type} values, expected ${expected.values[type] ?? 0}`,
  );
  return [...ofCounts, ...ofValues];
}

const COUNTED = [
  ["companies", "companies"],
  ["calls", "mining calls"],
  ["succeeded", "successful calls"],
  ["failed", "failed calls"],
  ["rawDocuments", "raw documents"],
  ["failedDocuments", "raw documents not normalized"],
  ["issues", "values that did not fit their type"],
] as const;

/** How many values there are, of all types. */
export function totalOf(values: ValueCounts): number {
  return Object.values(values).reduce((total, count) => total + count, 0);
}
